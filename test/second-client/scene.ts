/** The running program, teams in it, and the second client at its door: for the tests of this folder. */
import { expect } from 'bun:test';
import { type ServerProcess, startServer, temporaryFolder } from '../e2e/support/server.ts';
import { enterRoom, freeLink, RoomClient } from '../support/clients/room-client.ts';
import { type Site, type SiteVisitor, siteVisitor } from '../support/clients/site-visitor.ts';
import { type Joined, type PageState, SecondClient, type SecondPage } from './second-client.ts';

const GAME = 'dormouse-hour';
export const TEST_MS = 60_000;

export interface Team {
  readonly room: string;
  /** Who plays by the second client. */
  readonly stranger: SiteVisitor;
  readonly mate: SiteVisitor;
}

export class Scene {
  readonly second: SecondClient;
  readonly site: Site = { port: 0 };
  private readonly folder: { readonly path: string; remove(): Promise<void> };
  private server!: ServerProcess;
  private loaded = 0;

  private constructor(second: SecondClient, folder: Scene['folder']) {
    this.second = second;
    this.folder = folder;
  }

  static async open(): Promise<Scene> {
    const scene = new Scene(SecondClient.start(), await temporaryFolder('second-client'));
    await scene.start();
    return scene;
  }

  async close(): Promise<void> {
    await this.second.stop();
    await this.server.kill();
    await this.folder.remove();
  }

  async start(): Promise<void> {
    const env = { ESCAPEMENT_FREE_ROOMS_PER_HOUR: '1000' };
    this.server = await startServer({ port: 0, url: '', dataDir: this.folder.path, env });
    this.site.port = this.server.port;
  }

  /** In order: everything that was played goes into the archive. */
  async stop(): Promise<void> {
    expect(await this.server.stop()).toBe(0);
  }

  async team(): Promise<Team> {
    const [stranger, mate] = [siteVisitor(this.site), siteVisitor(this.site)];
    const link = await freeLink(stranger, GAME);
    const room = await enterRoom(stranger, link, 'Stranger');
    await enterRoom(mate, link, 'Mate');
    return { room, stranger, mate };
  }

  /** The join call, as the second client makes it. */
  join(visitor: SiteVisitor, room: string): Promise<Joined> {
    const address = `http://127.0.0.1:${this.site.port}`;
    return this.second.ask({ do: 'join', site: address, cookie: visitor.cookie(), room });
  }

  /** A page of the second client; it may take over what pages that are gone had not seen echoed. */
  page(takeOver: readonly SecondPage[] = []): Promise<SecondPage> {
    return this.second.load(
      `page ${++this.loaded}`,
      takeOver.map(({ name }) => name),
    );
  }

  async enter(page: SecondPage, visitor: SiteVisitor, room: string): Promise<PageState> {
    const { socket, ticket } = await this.join(visitor, room);
    return page.enter(socket, ticket);
  }

  /** The team's mate, by a client that knows the protocol from the inside. */
  async mateIn({ mate, room }: Team): Promise<RoomClient> {
    const client = new RoomClient();
    await client.enter(this.site, mate, room);
    return client;
  }
}

/** Bodies of moves, as JSON. */
export const words = (...texts: string[]): readonly string[] => texts.map((text) => JSON.stringify(text));
