// What a form would do, as a line for the terminal: people learn the command line from the page.
import {shellWord} from './copy';

type Word = string | [flag: string, value: string | number | undefined] | false;

// What is empty is left out. A value that begins with a dash stays with its flag, or it would be
// read as one.
export function cli(command: string, ...words: Word[]) {
    const parts = ['latchkey ' + command];
    for (const word of words) {
        if (word === false) continue;
        if (typeof word === 'string') {
            if (word !== '') parts.push(shellWord(word));
            continue;
        }
        const [flag, given] = word;
        const value = String(given ?? '');
        if (value === '') continue;
        if (!value.startsWith('-')) parts.push(flag, shellWord(value));
        else parts.push(flag + (flag.startsWith('--') ? '=' : '') + shellWord(value));
    }
    return parts.join(' ');
}

// The secret that curl presents comes from a file, so that it stays out of the shell's history.
export function curlOf(method: string, path: string, body?: unknown, ifMatch?: string) {
    const lines = [`curl -X ${method} ${shellWord(location.origin + path)}`,
        '  -H "Authorization: Bearer $(cat ~/.latchkey-token)"'];
    if (ifMatch) lines.push(`  -H ${shellWord('If-Match: ' + ifMatch)}`);
    if (body !== undefined) {
        lines.push('  -H "Content-Type: application/json"', `  -d ${shellWord(JSON.stringify(body, null, 2))}`);
    }
    return lines.join(' \\\n');
}

// The same for what a token does not reach, only somebody who logged in (`isOutside`: or who is
// about to), and for what carries passwords and codes: those come from a file.
export function curlBySession(method: string, path: string, file = '', isOutside = false) {
    const lines = [`curl -X ${method} ${shellWord(location.origin + path)}`];
    if (!isOutside) lines.push('  -H "Authorization: Bearer $(cat ~/.latchkey-session)"');
    if (file) lines.push('  -H "Content-Type: application/json"', '  -d @' + file);
    return lines.join(' \\\n');
}
