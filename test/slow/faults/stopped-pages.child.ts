/**
 * Pages in a process of their own, so that a test can stop it. They play until a line on stdin, receive
 * everything, and print what they saw.
 */
import { ticketFor } from '../../support/in-process/real-game.ts';
import { SdkPage } from '../../support/clients/sdk-page.ts';
import type { PagesOptions, PagesSaw } from './stopped-pages.shared.ts';

const { port, room, seats, everyMs } = JSON.parse(process.argv[2] ?? '') as PagesOptions;
const socket = `ws://127.0.0.1:${port}/h/h1/r/${room}/ws`;
const pages = seats.map((seat) => {
  const join = async () => ({ ok: true as const, socket, ticket: ticketFor(room, { seat }) });
  return new SdkPage({ name: `away ${seat}`, join });
});
await Promise.all(pages.map((page) => page.live()));
for (const page of pages) page.play(everyMs);
console.log('playing');
// The one line on stdin is the number of moves that the others made.
for await (const others of console) {
  for (const page of pages) page.stopPlaying();
  await Promise.all(pages.map((page) => page.echoed()));
  const total = Number(others) + pages.reduce((sum, { made }) => sum + made, 0);
  await Promise.all(pages.map((page) => page.until(() => page.order.length >= total)));
  const saw: PagesSaw = pages.map(({ name, made, order, reports }) => ({ name, made, order, reports }));
  console.log(JSON.stringify(saw));
  break;
}
for (const page of pages) page.close();
process.exit(0);
