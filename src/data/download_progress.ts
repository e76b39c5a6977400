import { bytes, duration } from '../terminal/format.js';
import type { StageOutput } from '../terminal/stage.js';
import type { FilesContext } from './ensure_files.js';

/** Shows a download as "34.1 MB of 170.5 MB, 12.0 MB/s, 11 s left". */
export function downloadProgress(output: StageOutput): Required<Pick<FilesContext, 'onProgress' | 'log'>> {
  return {
    log: (text) => output.line(text),
    onProgress: ({ received, total, bytesPerSecond }) => {
      const speed = `${bytes(bytesPerSecond)}/s`;
      if (total === undefined) return output.progress({ share: null, facts: [bytes(received), speed] });
      const left = bytesPerSecond === 0 ? [] : [`${duration((total - received) / bytesPerSecond)} left`];
      const size = `${bytes(received)} of ${bytes(total)}`;
      output.progress({ share: received / total, facts: [size, speed, ...left] });
    },
  };
}
