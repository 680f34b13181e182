/** The code under test: mails a customer through EWS that their order has been shipped. Takes `fetch`, as any code does that wants to be tested. */
export async function notifyShipped({ url, mailbox, password, fetch = globalThis.fetch }, { customer, order }) {
  const escaped = (text) => text.replace(/[<>&"]/g, (character) => `&#${character.charCodeAt(0)};`);
  const body = `<?xml version="1.0" encoding="utf-8"?>
<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"
  xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages" xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types">
  <soap:Header><t:RequestServerVersion Version="Exchange2013_SP1"/></soap:Header>
  <soap:Body><m:CreateItem MessageDisposition="SendAndSaveCopy"><m:Items><t:Message>
    <t:Subject>Order ${escaped(order)} has been shipped</t:Subject><t:Body BodyType="Text">It will be with you soon.</t:Body>
    <t:ToRecipients><t:Mailbox><t:EmailAddress>${escaped(customer)}</t:EmailAddress></t:Mailbox></t:ToRecipients>
  </t:Message></m:Items></m:CreateItem></soap:Body>
</soap:Envelope>`;
  const authorization = `Basic ${btoa(`${mailbox}:${password}`)}`;
  for (let attempt = 1; ; attempt++) {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'text/xml; charset=utf-8', authorization },
      body,
    });
    const text = await answer.text();
    if (answer.ok && text.includes('ResponseClass="Success"')) return { attempts: attempt };
    // A busy server has done nothing: it may be asked again. Of anything else nobody knows.
    if (!text.includes('ErrorServerBusy') || attempt === 3) throw new Error(`Exchange answered ${answer.status}`);
  }
}
