/** Namespaces of EWS, by URI: a server may use any prefix for them. */
export const soapNs = 'http://schemas.xmlsoap.org/soap/envelope/';
export const typesNs = 'http://schemas.microsoft.com/exchange/services/2006/types';
export const messagesNs = 'http://schemas.microsoft.com/exchange/services/2006/messages';
export const errorsNs = 'http://schemas.microsoft.com/exchange/services/2006/errors';
