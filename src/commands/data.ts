import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../base_command.js';
import { CONFIG_FILE, setFlag } from '../flags.js';
import type { Survey } from '../survey/survey.js';

export default class Data extends BaseCommand {
  static override summary =
    'Look at all images of a config before training: what is there, and what is wrong with it.';
  static override description =
    'Images by class and split, sizes, formats, files that cannot be read, duplicates, the mean and standard deviation of the channels. Every image is read and decoded once; nothing is trained or changed. Exit code 1 if training would fail.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> photos.yaml',
    '<%= config.bin %> <%= command.id %> photos.yaml --html images.html',
  ];
  static override args = {
    config: Args.string({ required: true, description: CONFIG_FILE }),
  };
  static override flags = {
    set: setFlag,
    html: Flags.string({
      helpValue: 'FILE',
      description:
        'write a page too, with examples of each class before and after augmentation; replaces an earlier page of gnet data only',
    }),
  };

  override async run(): Promise<Survey> {
    const { args, flags } = await this.parse(Data);
    const { surveyConfig } = await import('../survey/survey.js');
    const { surveyText } = await import('../survey/survey_text.js');
    const { requireReplaceable } = await import('../report/replaceable_page.js');
    const { SURVEY, surveyPage } = await import('../report/survey_page.js');
    const { writeFileAtomic } = await import('../storage/atomic.js');
    // First: nothing is looked at for a page that cannot be written.
    if (flags.html !== undefined) await requireReplaceable('--html', flags.html, SURVEY);
    const surveyed = await surveyConfig(args.config, flags.set ?? [], flags.html !== undefined);
    if (flags.html !== undefined) await writeFileAtomic(flags.html, await surveyPage(surveyed));
    this.log(surveyText(surveyed.survey));
    if (flags.html !== undefined) this.log(`\nPage: ${flags.html}`);
    if (surveyed.survey.problems.length > 0) process.exitCode = 1;
    return surveyed.survey;
  }
}
