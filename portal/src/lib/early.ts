// What early.js has asked for before the scripts were here. Each answer is handed over once.
declare global {
    interface Window {
        latchkeyEarly?: Record<string, Promise<Response>>;
    }
}

export function takeEarly(method: string, path: string): Promise<Response> | undefined {
    const answer = method === 'GET' ? window.latchkeyEarly?.[path] : undefined;
    delete window.latchkeyEarly?.[path];
    return answer;
}

// What nobody took by now would be old when somebody does.
export function forgetEarly() {
    delete window.latchkeyEarly;
}
