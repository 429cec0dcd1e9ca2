// Tokens as a table for spreadsheets. A spreadsheet takes a cell that begins with one of these
// signs for a formula, and names are made by anybody: such a cell gets an apostrophe before it,
// which the spreadsheet shows as text. Every cell is quoted, so that no separator of some country
// splits it.
import type {Token} from './types';

const kFormula = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;

export function csvCell(value: string) {
    return '"' + (kFormula.test(value) ? "'" : '') + value.replaceAll('"', '""') + '"';
}

const kColumns: [string, (token: Token) => string | null | undefined][] = [
    ['id', (token) => token.id],
    ['name', (token) => token.name],
    ['description', (token) => token.description],
    ['owner', (token) => token.owner],
    ['api', (token) => token.api],
    ['kind', (token) => token.kind],
    ['state', (token) => token.state],
    ['reason', (token) => token.reason],
    ['scopes', (token) => token.scopes?.join(' ')],
    ['allowedIps', (token) => token.allowedIps.join(' ')],
    ['createdAt', (token) => token.createdAt],
    ['expiresAt', (token) => token.expiresAt],
    ['lastUsedAt', (token) => token.lastUsedAt],
];

// Spreadsheets take a file without a byte order mark for one of their country's old codings.
export function csvOf(tokens: Token[]) {
    const lines = [kColumns.map(([name]) => csvCell(name)),
        ...tokens.map((token) => kColumns.map(([, read]) => csvCell(read(token) ?? '')))];
    return '\ufeff' + lines.map((line) => line.join(',')).join('\r\n') + '\r\n';
}
