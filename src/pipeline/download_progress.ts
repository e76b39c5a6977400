import type { FilesContext } from '../data/ensure_files.js';
import { bytes, duration } from './format.js';
import type { StageOutput } from './stage.js';

/** Shows a download as "34.1 MB of 170.5 MB, 12.0 MB/s, 11 s left". */
export function downloadProgress(output: StageOutput): Required<Pick<FilesContext, 'onProgress' | 'log'>> {
  return {
    log: (text) => output.line(text),
    onProgress: ({ received, total, bytesPerSecond }) => {
      const size = total === undefined ? '' : ` of ${bytes(total)}`;
      const left =
        total === undefined || bytesPerSecond === 0
          ? ''
          : `, ${duration((total - received) / bytesPerSecond)} left`;
      output.progress(`${bytes(received)}${size}, ${bytes(bytesPerSecond)}/s${left}`);
    },
  };
}
