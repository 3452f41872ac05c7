/** A team in the running program: visitors who take seats under one link, each with a page of the SDK. */
import type { JoinAnswer } from '../../../sdk/src/session-api.ts';
import { enterRoom, freeLink } from './room-client.ts';
import { SdkPage, type SdkPageOptions } from './sdk-page.ts';
import { siteVisitor } from './visitor.ts';

/** Opens one page for each of `members` and waits until all are live. */
export async function sdkTeam(
  port: number,
  game: string,
  members: readonly Omit<SdkPageOptions, 'join'>[],
): Promise<readonly SdkPage[]> {
  const pages: SdkPage[] = [];
  let link: string | null = null;
  for (const member of members) {
    const visitor = siteVisitor({ port });
    link ??= await freeLink(visitor, game);
    const room = await enterRoom(visitor, link, member.name);
    const join = async (): Promise<JoinAnswer> => {
      const answer = (await (await visitor.json(`/api/rooms/${room}/join`, {})).json()) as JoinAnswer;
      return answer.ok ? { ...answer, socket: `ws://127.0.0.1:${port}${answer.socket}` } : answer;
    };
    const page = new SdkPage({ ...member, join });
    await page.live();
    pages.push(page);
  }
  return pages;
}
