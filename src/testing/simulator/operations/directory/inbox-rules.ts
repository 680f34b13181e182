import { messagesNs, typesNs } from '../../../../ews/xml/namespaces.ts';
import { child, textOf, type XmlElement } from '../../../../ews/xml/read.ts';
import { escapeText } from '../../../../ews/xml/write.ts';
import { hasFullAccess } from '../../access/rights.ts';
import { EwsItemError } from '../../xml/ews-errors.ts';
import { writeElement } from '../../xml/written-element.ts';
import type { Operation, OperationContext } from '../operation.ts';
import { isKnownCondition } from '../rules/conditions.ts';
import { type KeptRule, priorityOf, type RuleBook } from '../rules/rule-book.ts';

/** https://learn.microsoft.com/exchange/client-developer/web-service-reference/getinboxrules-operation */
export const getInboxRules: Operation = {
  count: () => 1,
  run(request, context) {
    const written = bookOf(request, context).rules.map(({ id, rule }) => {
      const inner = rule.children.map(writeElement).join('');
      return `<t:Rule><t:RuleId>${id}</t:RuleId>${inner}</t:Rule>`;
    });
    const list = written.length === 0 ? '' : `<m:InboxRules>${written.join('')}</m:InboxRules>`;
    const content = `<m:ResponseCode>NoError</m:ResponseCode><m:OutlookRuleBlobExists>false</m:OutlookRuleBlobExists>${list}`;
    return { element: 'GetInboxRulesResponse', attributes: ' ResponseClass="Success"', content, code: 'NoError' };
  },
};

/** What is wrong with an operation on a rule. */
interface Wrong {
  readonly field: string;
  readonly code: string;
  readonly text: string;
  readonly value?: string;
}

/**
 * All of the operations, or none where one is wrong. https://learn.microsoft.com/exchange/client-developer/web-service-reference/updateinboxrules-operation
 */
export const updateInboxRules: Operation = {
  count: (request) => child(request, messagesNs, 'Operations')?.children.length ?? 0,
  run(request, context) {
    const book = bookOf(request, context);
    let rules = book.rules;
    const errors: string[] = [];
    for (const [index, operation] of (child(request, messagesNs, 'Operations')?.children ?? []).entries()) {
      const next = carryOut(operation, rules, book);
      if ('rules' in next) rules = next.rules;
      else errors.push(writeError(index, next));
    }
    if (errors.length === 0) book.replace(rules);
    const code = errors.length === 0 ? 'NoError' : 'ErrorInboxRulesValidationError';
    const text = '<m:MessageText>A validation error occurred while executing the rule operation.</m:MessageText>';
    const content =
      errors.length === 0
        ? '<m:ResponseCode>NoError</m:ResponseCode>'
        : `${text}<m:ResponseCode>${code}</m:ResponseCode><m:RuleOperationErrors>${errors.join('')}</m:RuleOperationErrors>`;
    const attributes = ` ResponseClass="${errors.length === 0 ? 'Success' : 'Error'}"`;
    return { element: 'UpdateInboxRulesResponse', attributes, content, code };
  },
};

function carryOut(operation: XmlElement, rules: readonly KeptRule[], book: RuleBook): { rules: readonly KeptRule[] } | Wrong {
  const rule = child(operation, typesNs, 'Rule');
  const id = textOf(rule ?? operation, typesNs, 'RuleId');
  const there = rules.find((one) => one.id === id);
  if (operation.name === 'CreateRuleOperation' && id !== undefined) {
    return { field: 'RuleId', code: 'CreateWithRuleId', text: 'A rule that is created has no id yet.', value: id };
  }
  if (operation.name !== 'CreateRuleOperation' && there === undefined) {
    return { field: 'RuleId', code: 'RuleNotFound', text: 'There is no rule with that id.', value: id ?? '' };
  }
  if (operation.name === 'DeleteRuleOperation') return { rules: rules.filter((one) => one !== there) };
  if (rule === undefined) return { field: 'RuleId', code: 'MissingParameter', text: 'The operation has no rule.' };
  const wrong = wrongIn(rule);
  if (wrong !== undefined) return wrong;
  const kept = { ...rule, children: rule.children.filter(({ name }) => name !== 'RuleId') };
  if (there !== undefined) return { rules: rules.map((one) => (one === there ? { id: one.id, rule: kept } : one)) };
  // One that is created pushes those of its priority and below down.
  const created: KeptRule = { id: book.newId(), rule: kept };
  const place = rules.filter((one) => priorityOf(one) < priorityOf(created)).length;
  return { rules: [...rules.slice(0, place), created, ...rules.slice(place)] };
}

const simulatedActions: ReadonlySet<string> = new Set([
  'AssignCategories',
  'CopyToFolder',
  'Delete',
  'ForwardToRecipients',
  'MarkImportance',
  'MarkAsRead',
  'MoveToFolder',
  'PermanentDelete',
  'RedirectToRecipients',
  'StopProcessingRules',
]);

/** Conditions and actions that are not simulated are refused, not ignored. */
function wrongIn(rule: XmlElement): Wrong | undefined {
  if ((textOf(rule, typesNs, 'DisplayName') ?? '') === '') {
    return { field: 'DisplayName', code: 'EmptyValueFound', text: 'A rule needs a name.' };
  }
  for (const [part, prefix] of [
    ['Conditions', 'Condition'],
    ['Exceptions', 'Exception'],
  ] as const) {
    for (const { name } of child(rule, typesNs, part)?.children ?? []) {
      const text = `The ${prefix.toLowerCase()} ${name} is not simulated.`;
      if (!isKnownCondition(name)) return { field: `${prefix}:${name}`, code: 'UnsupportedRule', text };
    }
  }
  const actions = child(rule, typesNs, 'Actions')?.children ?? [];
  if (actions.length === 0) return { field: 'Actions', code: 'MissingAction', text: 'A rule needs an action.' };
  const strange = actions.find(({ name }) => !simulatedActions.has(name));
  if (strange === undefined) return undefined;
  return { field: `Action:${strange.name}`, code: 'UnsupportedRule', text: `The action ${strange.name} is not simulated.` };
}

function writeError(index: number, { field, code, text, value = '' }: Wrong): string {
  const error =
    `<t:Error><t:FieldURI>${field}</t:FieldURI><t:ErrorCode>${code}</t:ErrorCode><t:ErrorMessage>${escapeText(text)}</t:ErrorMessage>` +
    `<t:FieldValue>${escapeText(value)}</t:FieldValue></t:Error>`;
  const list = `<t:ValidationErrors>${error}</t:ValidationErrors>`;
  return `<t:RuleOperationError><t:OperationIndex>${index}</t:OperationIndex>${list}</t:RuleOperationError>`;
}

function bookOf(request: XmlElement, context: OperationContext): RuleBook {
  const address = textOf(request, messagesNs, 'MailboxSmtpAddress');
  const mailbox = address === undefined ? context.acting : context.exchange.find(address);
  if (mailbox === undefined) throw new EwsItemError('ErrorNonExistentMailbox');
  if (!hasFullAccess(context, mailbox)) throw new EwsItemError('ErrorAccessDenied');
  return context.exchange.rulesOf(mailbox);
}
