// Where to go after the login: an address of this origin and nothing else. Control characters are
// refused, because a browser drops them and would read "/<tab>/host" as another host.
export function returnTarget(search: string): string {
    const wanted = new URLSearchParams(search).get('next') ?? '/';
    if (!/^\/(?![/\\])[^\u0000-\u0020\\\u007f]*$/.test(wanted)) return '/';
    const target = new URL(wanted, location.origin);
    if (target.origin !== location.origin) return '/';
    const path = target.pathname + target.search + target.hash;
    // "/x/..//host" is a harmless path only while the origin stands before it.
    return path.startsWith('//') ? '/' : path;
}

// Pages of the server that are no part of this application.
export function isForeignPage(path: string) {
    return /^\/(errors|docs|v1|openapi\.json|\.well-known|status|oauth2|check)(\/|$|\?)/.test(path);
}

// To the browser's own machine nothing goes over a wire, unless the server was told to do without
// TLS on others too (--insecure-http).
export function isPlainHttp() {
    if (location.protocol === 'https:') return false;
    if ('insecureHttp' in document.documentElement.dataset) return true;
    const host = location.hostname;
    const isLoopback = host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' ||
        /^127(\.\d{1,3}){3}$/.test(host);
    return !isLoopback;
}

// The code in the fragment, which browsers do not send; taken out of the address bar at once, for
// it must not stay in the history or in a screenshot.
export function takeCode() {
    let code = '';
    try {
        code = decodeURIComponent(location.hash.slice(1));
    } catch {
        // Not even text: no code.
    }
    history.replaceState(null, '', location.pathname);
    return code;
}
