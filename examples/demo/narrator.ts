/** Tells what happens, as it happens: a line an event; the messages of one note share a line. */
import { type DemoData, type DemoMessage, messagesOf } from './data.ts';
import { excerpt, paint } from './paint.ts';
import type { EventLine, SenderLine } from './protocol.ts';

type Style = Parameters<typeof paint>[0];

/** An event about a note. */
type NoteLine = EventLine & { readonly event: { readonly noteId: string; readonly messageId: string } };

/** Lines of one note that wait for the rest of their note. */
interface Pending {
  readonly key: string;
  readonly say: (messageIds: readonly string[]) => void;
  readonly messageIds: string[];
}

export class Narrator {
  readonly #messages: ReadonlyMap<string, DemoMessage>;
  readonly #begin = performance.now();
  readonly #notes = new Map<string, number>();
  #pending: Pending | undefined;
  readonly #refused = new Set<string>();
  #repeats = 0;

  constructor(data: DemoData) {
    this.#messages = new Map(messagesOf(data).map((message) => [message.id, message]));
  }

  say(style: Style, word: string, text: string): void {
    this.flush();
    this.#print(style, word, text);
  }

  tell(line: SenderLine): void {
    switch (line.kind) {
      case 'accepted':
        if (line.duplicate) this.#repeats += 1;
        else this.say('cyan', 'accepted', this.#describe(line.messageId));
        break;
      case 'refused':
        // After the restart it is refused again; that is no news.
        if (this.#refused.has(line.messageId)) break;
        this.#refused.add(line.messageId);
        this.say('yellow', 'refused', `${this.#describe(line.messageId)}: ${line.reasons.join(', ')}`);
        break;
      case 'event':
        this.#tellEvent(line);
        break;
      case 'failed':
        this.say('red', 'failed', line.error.split('\n')[0] ?? '');
        break;
      case 'wave-sent':
      case 'wave-settled':
      case 'finished':
        this.flush();
    }
  }

  /** Prints what still waits for more of its kind. */
  flush(): void {
    const pending = this.#pending;
    this.#pending = undefined;
    pending?.say(pending.messageIds);
    if (this.#repeats > 0) this.#print('cyan', 'repeated', `${this.#repeats} messages that were accepted before: no second ones`);
    this.#repeats = 0;
  }

  #tellEvent(line: EventLine): void {
    switch (line.name) {
      case 'message:picked-up': {
        const again = line.event.attempt > 1 ? `, attempt ${line.event.attempt}` : '';
        this.#tellNote(line, 'blue', 'picked up', (note, route) => `${note}${again}, ${route}`);
        break;
      }
      case 'message:delivered': {
        const { foundByProbe, messageClass } = line.event;
        const how = foundByProbe ? 'probed and found in the mailbox, not sent again' : `as ${messageClass}`;
        this.#tellNote(line, 'green', foundByProbe ? 'found' : 'delivered', (note, route) => `${note}, ${route}, ${how}`);
        break;
      }
      case 'message:deferred': {
        const why = line.event.serverCode ?? line.event.code;
        this.#tellNote(line, 'yellow', 'deferred', (note, route) => `${note}, ${route}: ${why}, backing off`);
        break;
      }
      case 'message:unconfirmed': {
        const why = `may have been sent (${line.event.code}), is probed before it is ever sent again`;
        this.#tellNote(line, 'yellow', 'unconfirmed', (note, route) => `${note}, ${route}: ${why}`);
        break;
      }
      case 'message:dead':
        this.say('red', 'dead', `${this.#describe(line.event.messageId)}: ${line.event.code} ${line.event.text}`);
        break;
      case 'lane:blocked':
      case 'transport:unavailable':
        this.say('yellow', 'unavailable', line.event.text);
        break;
      case 'lane:resumed':
      case 'transport:available':
        this.say('green', 'available', 'the server answers again');
        break;
      case 'warning':
        this.say('red', 'warning', line.event.error);
    }
  }

  /** Events of the messages of one note come one after the other, and become one line. */
  #tellNote(line: NoteLine, style: Style, word: string, text: (note: string, route: string) => string): void {
    const { noteId, messageId } = line.event;
    const key = `${line.name} ${noteId}`;
    if (this.#pending?.key !== key) {
      this.flush();
      const say: Pending['say'] = (ids) => this.#print(style, word, text(this.#note(noteId), this.#route(ids)));
      this.#pending = { key, say, messageIds: [] };
      setTimeout(() => this.flush(), 30).unref();
    }
    this.#pending?.messageIds.push(messageId);
  }

  #print(style: Style, word: string, text: string): void {
    const seconds = ((performance.now() - this.#begin) / 1_000).toFixed(2).padStart(6);
    process.stdout.write(`${paint('dim', `${seconds}s`)}  ${paint(style, word.padEnd(11))}  ${text}\n`);
  }

  /** Notes by number, in the order in which they appear. */
  #note(noteId: string): string {
    const number = this.#notes.get(noteId) ?? this.#notes.size + 1;
    this.#notes.set(noteId, number);
    return `note ${number}`;
  }

  #describe(messageId: string): string {
    const message = this.#messages.get(messageId);
    return message === undefined ? messageId : `${this.#route([messageId])} [${message.language}] ${excerpt(message.text)}`;
  }

  #route(messageIds: readonly string[]): string {
    const message = this.#messages.get(messageIds[0] ?? '');
    if (message === undefined) return messageIds.join(', ');
    const many = messageIds.length > 1 ? ` (${messageIds.length} messages)` : '';
    const short = (address: string): string => address.replace(/^sip:/, '').replace(/@contoso\.test$/, '');
    return `${short(message.from)} → ${message.to.map(short).join(', ')}${many}`;
  }
}
