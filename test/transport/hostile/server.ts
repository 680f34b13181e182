/** Malicious servers, one per path, over a raw socket: HTTP as no library would write it. */
import { createServer, type Socket } from 'node:net';

/** What happens to a client. `request`: head and body, as received. */
export type Attack = (socket: Socket, request: string) => void;

/** Head and body of a response. */
export interface Text {
  /** `200 OK` by default. */
  readonly status?: string;
  readonly type: string;
  readonly headers?: string;
  readonly body: string | Buffer;
}

/**
 * A complete response. The client closes the connection: if a server did while the response is still being read, the fetch of
 * Node 24.21 would end the process (nodejs/undici#5360), which no library can prevent; see docs/server-compatibility.md.
 */
export function whole({ body, ...text }: Text): Attack {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  const head = headOf({ ...text, headers: `content-length: ${bytes.byteLength}\r\n${text.headers ?? ''}` });
  return (socket) => {
    socket.write(head);
    socket.write(bytes);
  };
}

export function headOf({ status = '200 OK', type, headers = '' }: Omit<Text, 'body'>): string {
  return `HTTP/1.1 ${status}\r\ncontent-type: ${type}\r\nconnection: close\r\n${headers}\r\n`;
}

/** Writes a chunk again and again, as fast as it is accepted. */
export function flood(socket: Socket, piece: string | Buffer): void {
  const more = (): void => {
    while (!socket.destroyed && socket.write(piece));
  };
  socket.on('drain', more);
  more();
}

/** Writes a chunk at intervals. */
export function drip(socket: Socket, piece: string, every: number): void {
  const timer = setInterval(() => socket.write(piece), every);
  socket.on('close', () => clearInterval(timer));
}

/** Starts it on the loopback interface. */
export async function startHostileServer(
  attackOf: (path: string) => Attack | undefined,
): Promise<{ readonly origin: string; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    let request = '';
    const listen = (data: Buffer): void => {
      request += data.toString('latin1');
      if (!isWhole(request)) return;
      socket.off('data', listen);
      socket.on('data', () => {});
      attackOf(/^\w+ \/([\w-]+)/.exec(request)?.[1] ?? '')?.(socket, request);
    };
    socket.on('data', listen);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    origin: `http://127.0.0.1:${port}`,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function isWhole(request: string): boolean {
  const end = request.indexOf('\r\n\r\n');
  return end >= 0 && request.length - end - 4 >= Number(/^content-length: (\d+)/im.exec(request)?.[1] ?? 0);
}
