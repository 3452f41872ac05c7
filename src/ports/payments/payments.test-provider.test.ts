/** The test provider passes the contract of payments, and sends webhooks with the chosen timing. */
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

async function openProvider(accepts: (body: string) => boolean = () => true) {
  const folder = await mkdtemp(join(tmpdir(), 'escapement-payments-'));
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
        return accepts(body);
      },
    });
  };
  const provider = await restart();
  return { provider, world, sent, restart, stop: () => rm(folder, { recursive: true, force: true }) };
}

paymentsContract(async () => {
  const { provider, world, sent, stop } = await openProvider();
  return {
    payments: provider.payments,
    async end(sessionId, state) {
      await provider.checkout.closeSession(sessionId, ACTIONS[state] ?? 'pay', 'first');
      return sent;
    },
    advance: (ms) => world.advance(ms),
    stop,
  };
});

test('a session survives a restart', async () => {
  const { provider, restart, stop } = await openProvider();
  const { sessionId } = await provider.payments.createCheckout(sampleCheckout);
  await provider.checkout.closeSession(sessionId, 'pay', 'never');
  expect(await (await restart()).payments.fetchSession(sessionId)).toMatchObject({ state: 'paid' });
  await stop();
});

test('a closed session does not change, even if several actions arrive at the same time', async () => {
  const { provider, sent, stop } = await openProvider();
  const { sessionId } = await provider.payments.createCheckout(sampleCheckout);
  await Promise.all([
    provider.checkout.closeSession(sessionId, 'pay', 'first'),
    provider.checkout.closeSession(sessionId, 'decline', 'first'),
    provider.checkout.closeSession(sessionId, 'pay', 'first'),
  ]);
  expect(await provider.payments.fetchSession(sessionId)).toMatchObject({ state: 'paid' });
  expect(sent).toHaveLength(1);
  await stop();
});

test('the webhook is sent first, late, twice or never, as chosen', async () => {
  const { provider, world, sent, stop } = await openProvider();
  const open = async (attempt: number) =>
    (await provider.payments.createCheckout({ ...sampleCheckout, attempt })).sessionId;
  await provider.checkout.closeSession(await open(1), 'pay', 'never');
  expect(sent).toHaveLength(0);
  await provider.checkout.closeSession(await open(2), 'pay', 'first');
  expect(sent).toHaveLength(1);
  await provider.checkout.closeSession(await open(3), 'pay', 'twice');
  expect(sent).toHaveLength(3);
  expect(sent[1]?.body).toBe(sent[2]?.body ?? '');
  await provider.checkout.closeSession(await open(4), 'pay', 'late');
  expect(sent).toHaveLength(3);
  world.advance(60_000);
  await provider.checkout.stop();
  expect(sent).toHaveLength(4);
  await stop();
});

test('a webhook that is not accepted is sent three times and then left to reconciliation', async () => {
  const { provider, sent, stop } = await openProvider(() => false);
  const { sessionId } = await provider.payments.createCheckout(sampleCheckout);
  await provider.checkout.closeSession(sessionId, 'pay', 'first');
  expect(sent).toHaveLength(3);
  await stop();
});

test('a buyer who cancels is sent to another address than one who pays or is declined', async () => {
  const { provider, stop } = await openProvider();
  const open = async (attempt: number) =>
    (await provider.payments.createCheckout({ ...sampleCheckout, attempt })).sessionId;
  expect(await provider.checkout.closeSession(await open(1), 'cancel', 'first')).toBe(
    sampleCheckout.cancelUrl,
  );
  expect(await provider.checkout.closeSession(await open(2), 'decline', 'first')).toBe(
    sampleCheckout.successUrl,
  );
  expect(await provider.checkout.closeSession('../../etc/passwd', 'pay', 'first')).toBeNull();
  await stop();
});
