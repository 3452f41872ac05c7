/**
 * Seeds on which something of ours once failed. They are run always, but a seed means another evening as soon
 * as a deed or a draw of chance is added: what keeps each bug out is the unit test named beside it.
 */
export interface Kept {
  readonly seeds: readonly number[];
  readonly cause: string;
  /** Where the rule is tested by itself: file, and name of the test. */
  readonly file: string;
  readonly test: string;
}

export const KEPT: readonly Kept[] = [
  {
    seeds: [1, 5, 16, 31, 95],
    cause: 'An overtaken owner reset pages that came from the next one.',
    file: 'src/services/game/replay/resume.test.ts',
    test: 'P26 P61 an owner that was overtaken does not reset a page that comes from the next one',
  },
  {
    seeds: [17, 106, 197],
    cause: 'An overtaken owner made pages number their messages anew.',
    file: 'src/services/game/replay/resume.test.ts',
    test: 'P37 P39 an owner that was overtaken does not make a page number its messages anew',
  },
  {
    seeds: [196],
    cause: 'A replay went further than the room knew, and the page’s position was then no position.',
    file: 'src/services/game/replay/replay.test.ts',
    test: 'P29 an append that the log has and the room does not know of yet is not replayed',
  },
  {
    seeds: [124, 729, 1050, 1307],
    cause:
      'A run of joined entries reached beyond what the room knew: the replay found nothing, and the room was quarantined.',
    file: 'src/services/game/replay/replay.test.ts',
    test: 'P29 nor is the part of a run that the room does not know of yet',
  },
  {
    seeds: [1893, 3039],
    cause: 'A run of joined entries that a page had in part came to it once more, and whole.',
    file: 'src/services/game/replay/replay.test.ts',
    test: 'P21 of a run that is known in part, a page gets the rest: nothing comes twice',
  },
  {
    seeds: [20858],
    cause: 'A backup that copied an older segment before a newer one.',
    file: 'test/simulation/harness.test.ts',
    test: 'a backup copies the newest file of the log first',
  },
  {
    seeds: [1858, 3553, 3740, 7426, 7435],
    cause:
      'A page that had not noticed the end of its connection counted as being at the head of another course of things.',
    file: 'test/simulation/harness.test.ts',
    test: 'a page at the right number of another course of things is not at rest',
  },
  {
    seeds: [6158, 7064],
    cause: 'A change of devices was made within a transaction of somebody else, and undone with it.',
    file: 'test/simulation/harness.test.ts',
    test: 'what is changed from outside within a transaction is there when that is undone',
  },
];

export const KEPT_SEEDS: readonly number[] = KEPT.flatMap(({ seeds }) => seeds);
