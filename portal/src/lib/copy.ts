// Copies exactly the text. navigator.clipboard is missing on plain http away from loopback; there
// the older way works.
export async function copyText(text: string): Promise<boolean> {
    if (navigator.clipboard) {
        try {
            await navigator.clipboard.writeText(text);
            return true;
        } catch {
            // Not allowed here; the older way below may be.
        }
    }
    const area = document.createElement('textarea');
    area.value = text;
    area.readOnly = true;
    area.className = 'sr-only';
    area.setAttribute('aria-hidden', 'true');
    // Inside an open dialog, or its focus trap would take the selection away.
    const host = document.querySelector('[role="dialog"], [role="alertdialog"]') ?? document.body;
    const before = document.activeElement;
    host.append(area);
    area.select();
    const copied = document.execCommand('copy');
    area.remove();
    if (before instanceof HTMLElement) before.focus();
    return copied;
}

export function downloadText(name: string, text: string, type = 'text/plain') {
    const address = URL.createObjectURL(new Blob([text], {type: type + ';charset=utf-8'}));
    const link = document.createElement('a');
    link.href = address;
    link.download = name;
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

// A word of a command that someone will paste: whatever it holds, the shell sees one word, and the
// terminal no control character, which could end the quoting before the shell has seen it.
export function shellWord(text: string) {
    if (/[\u0000-\u001f\u007f-\u009f]/.test(text)) {
        return "$'" + text.replace(/[\\']/g, '\\$&').replace(/[\u0000-\u001f\u007f-\u009f]/g, (letter) =>
            '\\u' + letter.charCodeAt(0).toString(16).padStart(4, '0')) + "'";
    }
    return /^[\w@%+=:,./-]+$/.test(text) ? text : "'" + text.replaceAll("'", "'\\''") + "'";
}
