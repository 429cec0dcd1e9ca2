// Runs before the first paint: the theme and the language that this browser chose, so that nothing
// flashes. And asks for what the first page will show while its scripts are still on their way;
// lib/early.ts hands it over. Everything else is in the module.
(function () {
    var root = document.documentElement;
    try {
        var theme = localStorage.getItem('theme');
        if (theme === 'light' || theme === 'dark') root.dataset.theme = theme;
        var language = localStorage.getItem('language');
        if (language) root.lang = language;
    } catch (refused) {
        // Storage may be switched off; the system's theme it is.
    }
    if (/^\/(login|setup|invite)$/.test(location.pathname)) return;
    var early = window.latchkeyEarly = {};
    function ask(path) {
        early[path] = fetch(path, {
            headers: {Accept: 'application/json'}, credentials: 'same-origin', redirect: 'error',
            cache: 'no-store',
        });
        early[path].catch(function () {}); // whoever takes it says so
    }
    ask('/v1/users/me');
    // As lib/tokens.ts asks when nothing is looked for.
    if (location.pathname === '/developer/access-tokens' && location.search === '') {
        ask('/v1/tokens?limit=50&include=usage');
    }
})();
