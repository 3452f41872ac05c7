/** Starts the program and the Python client, and makes teams: the setup for the tests of this folder. */
import { expect } from 'bun:test';
import { type ServerProcess, startServer, temporaryFolder } from '../e2e/support/server.ts';
import { enterRoom, freeLink, RoomClient } from '../support/clients/room-client.ts';
import { type Site, type Visitor, siteVisitor } from '../support/clients/visitor.ts';
import {
  type Joined,
  type PageState,
  SecondClient,
  type SecondPage,
  type SecondVisitor,
} from './second-client.ts';

export const GAME = 'dormouse-hour';
export const TEST_MS = 60_000;

export interface Team {
  readonly room: string;
  /** The player who uses the Python client. */
  readonly pythonPlayer: Visitor;
  readonly mate: Visitor;
}

export class TestProgram {
  readonly second: SecondClient;
  readonly site: Site = { port: 0 };
  private readonly folder: { readonly path: string; remove(): Promise<void> };
  private lastVisitor = 0;
  private server!: ServerProcess;
  private lastPage = 0;

  private constructor(second: SecondClient, folder: TestProgram['folder']) {
    this.second = second;
    this.folder = folder;
  }

  static async open(): Promise<TestProgram> {
    const program = new TestProgram(SecondClient.start(), await temporaryFolder('second-client'));
    await program.start();
    return program;
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

  /** Stops the program gracefully, so that all records are archived. */
  async stop(): Promise<void> {
    expect(await this.server.stop()).toBe(0);
  }

  private get address(): string {
    return `http://127.0.0.1:${this.site.port}`;
  }

  async team(): Promise<Team> {
    const [pythonPlayer, mate] = [siteVisitor(this.site), siteVisitor(this.site)];
    const link = await freeLink(pythonPlayer, GAME);
    const room = await enterRoom(pythonPlayer, link, 'Python');
    await enterRoom(mate, link, 'Mate');
    return { room, pythonPlayer, mate };
  }

  /** A new visitor of the site, by the Python client. */
  visitor(): Promise<SecondVisitor> {
    return this.second.visit(`visitor ${++this.lastVisitor}`, this.address);
  }

  /** The join call by the Python client, with this visitor's cookies. */
  join(visitor: Visitor, room: string): Promise<Joined> {
    return this.second.request({ command: 'join', site: this.address, cookie: visitor.cookie(), room });
  }

  /** A page of the Python client; it may take over the messages of closed pages. */
  page(takeOver: readonly SecondPage[] = []): Promise<SecondPage> {
    return this.second.load(
      `page ${++this.lastPage}`,
      takeOver.map(({ name }) => name),
    );
  }

  async enter(page: SecondPage, visitor: Visitor, room: string): Promise<PageState> {
    const { socket, ticket } = await this.join(visitor, room);
    return page.enter(socket, ticket);
  }

  /** The team's other player, by the TypeScript client, which uses the program's own codecs. */
  async mateIn({ mate, room }: Team): Promise<RoomClient> {
    const client = new RoomClient();
    await client.enter(this.site, mate, room);
    return client;
  }
}

/** Encodes texts as bodies of moves. */
export const jsonBodies = (...texts: string[]): readonly string[] =>
  texts.map((text) => JSON.stringify(text));
