'use strict';
// The page shows what this server says of itself and asks nobody else. A token that is typed into
// "Authorize" stays in this page's memory.
//
// The reference writes the HTML that it made, its texts cleaned by itself, which the content security
// policy allows to nobody without a word. This is the word, on this page alone; scripts in such HTML
// stay forbidden.
window.trustedTypes?.createPolicy('default', {createHTML: html => html});

window.addEventListener('DOMContentLoaded', () => {
    SwaggerUIBundle({
        url: '/openapi.json',
        dom_id: '#reference',
        deepLinking: true,
        docExpansion: 'list',
        defaultModelsExpandDepth: 0,
        displayRequestDuration: true,
        filter: true,
        persistAuthorization: false,
        validatorUrl: null,
        withCredentials: false,
    });
});
