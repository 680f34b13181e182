import { answerGrammar } from '../../../src/testing/simulator/schema/answer-grammar.ts';
import { grammar } from '../../../src/testing/simulator/schema/grammar.ts';
import { isSchemaOperation, operationOf } from '../../../src/testing/simulator/schema/operations.ts';
import { Grammar } from '../../../src/testing/simulator/schema/read-grammar.ts';

const [requests = '', ...ofRequests] = grammar.split('\n');
const [answers = '', , ...ofAnswers] = answerGrammar.split('\n');

/** The complete schema of Microsoft, requests, responses and headers, in the notation that a test compares with the schema itself. */
export const wholeGrammar = new Grammar([`${requests} ${answers}`, ...ofRequests, ...ofAnswers].join('\n'));

/** Types of global elements, by name with its prefix. */
export const globalTypes: ReadonlyMap<string, string> = new Map(
  `${requests} ${answers}`.split(' ').map((entry) => entry.split('=') as [string, string]),
);

/** The request elements, by operation. */
export const requestElements: ReadonlyMap<string, string> = new Map(
  requests.split(' ').flatMap((entry) => {
    const name = entry.slice(2, entry.indexOf('='));
    return isSchemaOperation(operationOf(name)) ? [[operationOf(name), name] as const] : [];
  }),
);

/** Types in the messages namespace; the others are in the types namespace. */
export const ofMessages: ReadonlySet<string> = new Set((answerGrammar.split('\n')[1] ?? '').split(' '));
