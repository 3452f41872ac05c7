/** The test till keeps the contract of payments, and behaves badly only as it is told to. */
import { expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestWorld } from '../../../test/support/in-process/web-fixture.ts';
import { openDirectoryFiles } from '../files/files.directory.ts';
import { paymentsContract, sampleCheckout, type SignedWebhook } from './payments.contract.ts';
import { createTestProvider } from './payments.test-provider.ts';
import type { TestPaymentAction } from './test-provider.ts';

const ACTIONS: { readonly [state: string]: TestPaymentAction } = {
  paid: 'pay',
  declined: 'decline',
  cancelled: 'cancel',
};

async function openTill(takes: (body: string) => boolean = () => true) {
  const folder = await mkdtemp(join(tmpdir(), 'escapement-till-'));
  const world = new TestWorld();
  const sent: SignedWebhook[] = [];
  const restart = async () => {
    const files = await openDirectoryFiles({ root: folder, clock: world.clock, random: world.random });
    return createTestProvider({
      files,
      world,
      key: new Uint8Array(32).fill(7),
      url: 'http://shop.test',
      deliver: async (body, headers) => {
        sent.push({ body, headers: new Headers(headers) });
        return takes(body);
      },
    });
  };
  const till = await restart();
  return { till, world, sent, restart, stop: () => rm(folder, { recursive: true, force: true }) };
}

paymentsContract(async () => {
  const { till, world, sent, stop } = await openTill();
  return {
    payments: till.payments,
    async end(sessionId, state) {
      await till.desk.act(sessionId, ACTIONS[state] ?? 'pay', 'first');
      return sent;
    },
    pass: (ms) => world.pass(ms),
    stop,
  };
});

test('a session survives a restart', async () => {
  const { till, restart, stop } = await openTill();
  const { sessionId } = await till.payments.createCheckout(sampleCheckout);
  await till.desk.act(sessionId, 'pay', 'never');
  expect(await (await restart()).payments.fetchSession(sessionId)).toMatchObject({ state: 'paid' });
  await stop();
});

test('a session that ended stays as it ended, whoever presses what at the same time', async () => {
  const { till, sent, stop } = await openTill();
  const { sessionId } = await till.payments.createCheckout(sampleCheckout);
  await Promise.all([
    till.desk.act(sessionId, 'pay', 'first'),
    till.desk.act(sessionId, 'decline', 'first'),
    till.desk.act(sessionId, 'pay', 'first'),
  ]);
  expect(await till.payments.fetchSession(sessionId)).toMatchObject({ state: 'paid' });
  expect(sent).toHaveLength(1);
  await stop();
});

test('the webhook comes first, late, twice or never, as chosen', async () => {
  const { till, world, sent, stop } = await openTill();
  const open = async (attempt: number) =>
    (await till.payments.createCheckout({ ...sampleCheckout, attempt })).sessionId;
  await till.desk.act(await open(1), 'pay', 'never');
  expect(sent).toHaveLength(0);
  await till.desk.act(await open(2), 'pay', 'first');
  expect(sent).toHaveLength(1);
  await till.desk.act(await open(3), 'pay', 'twice');
  expect(sent).toHaveLength(3);
  expect(sent[1]?.body).toBe(sent[2]?.body ?? '');
  await till.desk.act(await open(4), 'pay', 'late');
  expect(sent).toHaveLength(3);
  world.pass(60_000);
  await till.desk.stop();
  expect(sent).toHaveLength(4);
  await stop();
});

test('a webhook that is not taken is tried three times and then left to the reconciling look', async () => {
  const { till, sent, stop } = await openTill(() => false);
  const { sessionId } = await till.payments.createCheckout(sampleCheckout);
  await till.desk.act(sessionId, 'pay', 'first');
  expect(sent).toHaveLength(3);
  await stop();
});

test('a cancelled buyer goes back another way than one who paid', async () => {
  const { till, stop } = await openTill();
  const open = async (attempt: number) =>
    (await till.payments.createCheckout({ ...sampleCheckout, attempt })).sessionId;
  expect(await till.desk.act(await open(1), 'cancel', 'first')).toBe(sampleCheckout.cancelUrl);
  expect(await till.desk.act(await open(2), 'decline', 'first')).toBe(sampleCheckout.successUrl);
  expect(await till.desk.act('../../etc/passwd', 'pay', 'first')).toBeNull();
  await stop();
});
