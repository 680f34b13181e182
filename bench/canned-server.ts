/**
 * A server in a process of its own that answers every CreateItem with success, from answers made beforehand: what it costs is
 * the same for whoever asks. Started by bench/ews.ts with an IPC channel, over which it says its port.
 *
 * `/slow/…` takes 100 ms a request and works on ten at a time; whoever comes later waits for a place.
 */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const places = 10;
const takes = 100;
const messages = 'http://schemas.microsoft.com/exchange/services/2006/messages';
const types = 'http://schemas.microsoft.com/exchange/services/2006/types';
const mark = Buffer.from('</t:Message>');
const answers = new Map<number, Buffer>();

/** As Exchange 2016 answers SendAndSaveCopy. */
function answerFor(items: number): Buffer {
  const known = answers.get(items);
  if (known !== undefined) return known;
  const one =
    '<m:CreateItemResponseMessage ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode><m:Items/></m:CreateItemResponseMessage>';
  const made = Buffer.from(
    '<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header>' +
      '<h:ServerVersionInfo MajorVersion="15" MinorVersion="1" MajorBuildNumber="2507" MinorBuildNumber="6" Version="V2017_07_11" ' +
      `xmlns:h="${types}" xmlns="${types}" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"/>` +
      `</s:Header><s:Body xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema">` +
      `<m:CreateItemResponse xmlns:m="${messages}" xmlns:t="${types}"><m:ResponseMessages>${one.repeat(items)}</m:ResponseMessages></m:CreateItemResponse></s:Body></s:Envelope>`,
  );
  answers.set(items, made);
  return made;
}

function itemsIn(body: Buffer): number {
  let items = 0;
  for (let at = body.indexOf(mark); at !== -1; at = body.indexOf(mark, at + mark.length)) items += 1;
  return items;
}

let working = 0;
const waiting: (() => void)[] = [];

function slowly(answer: () => void): void {
  if (working >= places) {
    waiting.push(() => slowly(answer));
    return;
  }
  working += 1;
  setTimeout(() => {
    working -= 1;
    answer();
    waiting.shift()?.();
  }, takes);
}

function respond(response: ServerResponse, body: Buffer): void {
  response.writeHead(200, { 'content-type': 'text/xml; charset=utf-8', 'content-length': body.length });
  response.end(body);
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const body = answerFor(itemsIn(Buffer.concat(chunks)));
    if (request.url?.startsWith('/slow/')) slowly(() => respond(response, body));
    else respond(response, body);
  });
});

server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on('disconnect', () => process.exit());
