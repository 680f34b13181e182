/**
 * A NestJS application whose tickets and notes are one transaction in PostgreSQL, with the dashboard for its operators.
 * Settings by environment: DATABASE_URL, EWS_URL, EWS_USERNAME, EWS_PASSWORD, PORT, PICKUP_DELAY (ms).
 * Compile it as every Nest application, with `experimentalDecorators`.
 */
import 'reflect-metadata';
import {
  BadRequestException,
  Body,
  ConflictException,
  Controller,
  Get,
  Inject,
  Injectable,
  Module,
  type OnApplicationShutdown,
  type OnModuleInit,
  Param,
  Post,
  ServiceUnavailableException,
  UnprocessableEntityException,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { basicAuth, EwsTransport, OfflineImError, OfflineImSender } from 'offline-im';
import { dashboard, nodeHandler } from 'offline-im/dashboard';
import { PostgresSpool } from 'offline-im/postgres';
import { Pool, type PoolClient } from 'pg';

const { DATABASE_URL, EWS_URL = '', EWS_USERNAME = '', EWS_PASSWORD = '', PORT = '8080', PICKUP_DELAY } = process.env;

/** Starts with the application, and ends after its last request. */
@Injectable()
class Notes implements OnModuleInit, OnApplicationShutdown {
  /** Of the client type of its spool, for `send(message, { client })`. */
  readonly sender: OfflineImSender<PoolClient>;
  readonly spool: PostgresSpool;

  constructor(@Inject(Pool) private readonly pool: Pool) {
    this.spool = new PostgresSpool({ pool, schema: 'notes', migrate: true });
    this.sender = new OfflineImSender({
      identity: { sip: `sip:${EWS_USERNAME}`, displayName: 'Tickets' },
      client: { version: '16.0.12527.20194', mailboxLocation: 'on-premises' },
      spool: this.spool,
      transport: new EwsTransport({ url: EWS_URL, credentials: basicAuth({ username: EWS_USERNAME, password: EWS_PASSWORD }) }),
      pickupDelay: PICKUP_DELAY === undefined ? undefined : Number(PICKUP_DELAY),
    });
  }

  async onModuleInit(): Promise<void> {
    await this.pool.query('CREATE TABLE IF NOT EXISTS tickets (id bigint PRIMARY KEY, requester text NOT NULL)');
    await this.sender.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.sender.stop({ timeout: 8_000 });
    await this.pool.end();
  }
}

@Injectable()
class Tickets {
  constructor(
    @Inject(Pool) private readonly pool: Pool,
    @Inject(Notes) private readonly notes: Notes,
  ) {}

  /** The ticket and its note, or neither. */
  async open(id: number, requester: string): Promise<void> {
    const client = await this.pool.connect();
    let broken: Error | undefined;
    try {
      await client.query('BEGIN');
      await this.#write(client, id, requester);
      await client.query('COMMIT');
    } catch (error) {
      await client.query('ROLLBACK').catch((thrown: Error) => {
        broken = thrown;
      });
      throw error;
    } finally {
      client.release(broken);
    }
  }

  async noteOf(id: string): Promise<string> {
    return (await this.notes.sender.status(`ticket-${id}`))?.entries[0]?.state ?? 'none';
  }

  async #write(client: PoolClient, id: number, requester: string): Promise<void> {
    await client.query('INSERT INTO tickets (id, requester) VALUES ($1, $2)', [id, requester]);
    const text = `We look into your ticket ${id}.`;
    await this.notes.sender.send({ messageId: `ticket-${id}`, to: requester, text }, { client });
  }
}

@Controller('tickets')
class TicketsController {
  constructor(@Inject(Tickets) private readonly tickets: Tickets) {}

  @Post()
  async open(@Body('id') id: unknown, @Body('requester') requester: unknown): Promise<{ id: number }> {
    // What PostgreSQL would refuse is the caller's mistake, and no failure of ours.
    if (typeof id !== 'number' || !Number.isSafeInteger(id) || typeof requester !== 'string')
      throw new BadRequestException({ code: 'TICKET_INVALID' });
    try {
      await this.tickets.open(id, requester);
      return { id };
    } catch (error) {
      if (error instanceof OfflineImError) {
        // What the caller can mend, and what goes by itself: the same call later is right.
        const theirs = /^(GATE_REFUSED|MESSAGE_|TEXT_|RECIPIENT|ADDRESS_)/.test(error.code);
        throw theirs
          ? new UnprocessableEntityException({ code: error.code })
          : new ServiceUnavailableException({ code: error.code });
      }
      if (error instanceof Error && 'code' in error && error.code === '23505')
        throw new ConflictException({ code: 'TICKET_EXISTS' });
      throw error;
    }
  }

  @Get(':id/note')
  async note(@Param('id') id: string): Promise<{ state: string }> {
    return { state: await this.tickets.noteOf(id) };
  }
}

const pool = {
  provide: Pool,
  useFactory: (): Pool => {
    const made = new Pool({ connectionString: DATABASE_URL, max: 10, connectionTimeoutMillis: 10_000 });
    // A connection may break while it is idle: without this listener, that ends the process.
    made.on('error', (error) => console.error(error));
    return made;
  },
};

@Module({ controllers: [TicketsController], providers: [pool, Notes, Tickets] })
class AppModule {}

// Pages that stay open to be kept up to date end with the application.
const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'], forceCloseConnections: true });
const basePath = '/admin/messages';
const pages = dashboard({
  spool: app.get(Notes).spool,
  basePath,
  // Your login decides; here it is a header, which only your own proxy may set.
  authorize: (request) => {
    const user = request.headers.get('x-operator');
    return user === null ? new Response('Sign in first.\n', { status: 401 }) : { user, mayChange: true, mayReadText: false };
  },
});
// Before the parsers of Nest: it reads its forms itself.
app.use(basePath, nodeHandler(pages));
app.enableShutdownHooks(['SIGTERM', 'SIGINT']);
await app.listen(Number(PORT), '127.0.0.1');
console.log(`listening on ${await app.getUrl()}`);
