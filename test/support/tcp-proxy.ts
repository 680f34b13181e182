/** A proxy between a client and a server on loopback that can drop all traffic, like a network that lost one of them. */
import { once } from 'node:events';
import { type AddressInfo, connect as connectTo, createServer, type Socket } from 'node:net';

export class TcpProxy {
  readonly #server;
  readonly #sockets = new Set<Socket>();
  /** Once it is true for data from the client, nothing passes any more: that data is still forwarded, its response is not. */
  swallowAfter: ((said: Buffer) => boolean) | undefined;
  #silent = false;

  private constructor(target: number) {
    this.#server = createServer((client) => {
      const server = connectTo(target, '127.0.0.1');
      for (const [from, to] of [
        [client, server],
        [server, client],
      ] as const) {
        this.#sockets.add(from);
        from.on('error', () => undefined);
        from.on('close', () => {
          this.#sockets.delete(from);
          if (!this.#silent) to.destroy();
        });
        from.on('data', (data: Buffer) => {
          if (!this.#silent) to.write(data);
          if (from === client && this.swallowAfter?.(data) === true) this.swallow();
        });
      }
    });
  }

  static async to(port: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(port);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get isSilent(): boolean {
    return this.#silent;
  }

  /** Drops everything, without refusing or closing anything. */
  swallow(): void {
    this.#silent = true;
  }

  /** New data passes again; dropped data is lost, silently. */
  pass(): void {
    this.#silent = false;
  }

  /** New connections work; those that lost data are dead, as in reality. */
  heal(): void {
    this.#silent = false;
    this.swallowAfter = undefined;
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
