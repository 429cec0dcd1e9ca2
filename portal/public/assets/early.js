// Runs before the first paint: the theme and the language that this browser chose, so that nothing
// flashes. Everything else is in the module.
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
})();
