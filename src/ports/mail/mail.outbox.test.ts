import { afterAll, expect, test } from 'bun:test';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mailContract, SAMPLE } from './mail.contract.ts';
import { listOutbox, outboxSender, readOutbox } from './mail.outbox.ts';

const folder = await mkdtemp(join(tmpdir(), 'escapement-outbox-'));
afterAll(() => rm(folder, { recursive: true }));
const at = { now: 1_000 };
const sender = outboxSender(folder, { now: () => at.now, mono: () => 0 });

mailContract('outbox', () => ({
  sender,
  arrived: async (messageId) =>
    (await listOutbox(folder, 100)).find((mail) => mail.messageId === messageId) ?? null,
}));

test('outbox: a mail sent twice is shown once', async () => {
  await sender.send(SAMPLE);
  await sender.send(SAMPLE);
  expect((await listOutbox(folder, 100)).filter((mail) => mail.messageId === SAMPLE.messageId)).toHaveLength(
    1,
  );
});

test('outbox: the newest mail comes first and the list is bounded', async () => {
  at.now = 2_000;
  await sender.send({ ...SAMPLE, messageId: '<job-8@studio.example>' });
  const newest = await listOutbox(folder, 1);
  expect(newest.map((mail) => mail.messageId)).toEqual(['<job-8@studio.example>']);
});

test('outbox: an invalid id finds nothing, also if it is the path of a file', async () => {
  await writeFile(join(folder, '..', 'escapement-outside.json'), '{}');
  expect(await readOutbox(folder, '../escapement-outside')).toBeNull();
  expect(await readOutbox(folder, 'job-8-studio-example')).not.toBeNull();
  await rm(join(folder, '..', 'escapement-outside.json'));
});

test('outbox: a folder that cannot be written is a temporary failure, not an exception', async () => {
  const blocked = join(folder, 'file');
  await writeFile(blocked, '');
  const outcome = await outboxSender(join(blocked, 'sub'), { now: () => 0, mono: () => 0 }).send(SAMPLE);
  expect(outcome).toMatchObject({ ok: false, permanent: false });
});
