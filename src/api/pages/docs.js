'use strict';
// The page shows what this server says of itself and asks nobody else. A token that is typed into
// "Authorize" stays in this page's memory.
window.addEventListener('DOMContentLoaded', () => {
    SwaggerUIBundle({
        url: '/openapi.json',
        dom_id: '#reference',
        deepLinking: true,
        docExpansion: 'none',
        defaultModelsExpandDepth: 0,
        displayRequestDuration: true,
        filter: true,
        persistAuthorization: false,
        validatorUrl: null,
        withCredentials: false,
    });
});
