// Line icons on one 20-pixel grid. They never carry meaning alone: words stand beside them.
const kPaths = {
    key: 'M7.5 12.5a3.5 3.5 0 1 1-3.4 4.3M9.9 10.6 16 4.5M13 7.5l2.3 2.3',
    home: 'M3.5 9.5 10 4l6.5 5.5V16h-4.5v-4h-4v4H3.5V9.5Z',
    tokens: 'M12.6 11.4a4 4 0 1 0-4 0M8 11.2 3.5 15.7v1.8h2.3v-1.8h1.8v-1.9l1.9-1.9M12.2 7.2h.1',
    inspect: 'M9 15a6 6 0 1 1 0-12 6 6 0 0 1 0 12ZM13.5 13.5 17 17',
    project: 'M3 6.5A1.5 1.5 0 0 1 4.5 5H8l1.5 2h6A1.5 1.5 0 0 1 17 8.5v6a1.5 1.5 0 0 1-1.5 1.5h-11A1.5 1.5 0 0 1 3 14.5v-8Z',
    users: 'M7.5 9.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM2.5 16.5c0-2.8 2.2-4.5 5-4.5s5 1.7 5 4.5M13 4a2.8 2.8 0 0 1 0 5.3M14.5 12.3c1.8.5 3 2 3 4.2',
    roles: 'M10 2.8 4 5v4.6c0 3.6 2.5 6.4 6 7.6 3.5-1.2 6-4 6-7.6V5l-6-2.2ZM7.5 9.8l1.8 1.8 3.3-3.5',
    apis: 'M4 5.5h12M4 10h12M4 14.5h12M7 4v3M13 8.5v3M8.5 13v3',
    audit: 'M6 3h6l3 3v11H6a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1ZM8 9h5M8 12h5',
    system: 'M4 4.5h12v4H4v-4ZM4 11.5h12v4H4v-4ZM6.8 6.5h.1M6.8 13.5h.1',
    rules: 'M10 3v14M5 17h10M10 5H5.5m4.5 0h4.5M5.5 5 3 11h5L5.5 5ZM14.5 5 12 11h5l-2.5-6Z',
    settings: 'M3.5 6h7M15 6h1.5M3.5 14H5M9.5 14h7M12.8 8a2 2 0 1 0 0-4 2 2 0 0 0 0 4ZM7.2 16a2 2 0 1 0 0-4 2 2 0 0 0 0 4Z',
    columns: 'M3.5 4.5h13v11h-13v-11ZM8 4.5v11M12.5 4.5v11',
    account: 'M10 10a3.2 3.2 0 1 0 0-6.4A3.2 3.2 0 0 0 10 10ZM4 17c0-3 2.6-4.8 6-4.8s6 1.8 6 4.8',
    plus: 'M10 4v12M4 10h12',
    more: 'M5 10h.1M10 10h.1M15 10h.1',
    check: 'm4.5 10.5 3.5 3.5 7.5-8',
    cross: 'm5 5 10 10M15 5 5 15',
    copy: 'M7 7h8.5v9.5H7V7ZM4.5 13V3.5H13',
    download: 'M10 3v9m0 0 3.5-3.5M10 12 6.5 8.5M4 16.5h12',
    eye: 'M2.5 10S5.2 5 10 5s7.5 5 7.5 5-2.7 5-7.5 5-7.5-5-7.5-5ZM10 12.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4Z',
    search: 'M9 14.5a5.5 5.5 0 1 1 0-11 5.5 5.5 0 0 1 0 11ZM13.2 13.2 17 17',
    menu: 'M3.5 5.5h13M3.5 10h13M3.5 14.5h13',
    chevron: 'm7.5 5 5 5-5 5',
    down: 'm5.5 8 4.5 4.5L14.5 8',
    up: 'M5.5 12 10 7.5l4.5 4.5',
    warn: 'M10 3.5 17.5 16.5h-15L10 3.5ZM10 8.5v3.5M10 14.4h.1',
    info: 'M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14ZM10 9.5V13M10 7h.1',
    pause: 'M7.5 5v10M12.5 5v10',
    play: 'M6.5 4.5v11l9-5.5-9-5.5Z',
    stop: 'M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14ZM5.2 5.2l9.6 9.6',
    clock: 'M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14ZM10 6v4.2l2.6 1.6',
    rotate: 'M16 10a6 6 0 1 1-1.8-4.3M16 3.5v3h-3',
    trash: 'M4 6h12M8 6V4h4v2M5.5 6l.8 10.5h7.4L14.5 6',
    terminal: 'M3 4.5h14v11H3v-11ZM6 8l2.2 2L6 12M10.5 12.5H14',
    sun: 'M10 13.2a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4ZM10 2.5v1.8M10 15.7v1.8M2.5 10h1.8M15.7 10h1.8M4.7 4.7 6 6M14 14l1.3 1.3M4.7 15.3 6 14M14 6l1.3-1.3',
    moon: 'M16 11.5A6.5 6.5 0 0 1 8.5 4a6.5 6.5 0 1 0 7.5 7.5Z',
    display: 'M3 4.5h14v9H3v-9ZM7.5 16.5h5M10 13.5v3',
    external: 'M8 5H5v10h10v-3M11 4.5h4.5V9M15 5l-6 6',
    filter: 'M3.5 5h13M6 10h8M8.5 15h3',
    edit: 'M4 16v-3l8.5-8.5 3 3L7 16H4Z',
    like: 'M7 7h8.5v9.5H7V7ZM4.5 13V3.5H13M11.3 9.5v4.5M9 11.8h4.5',
    shrink: 'M4 8h4V4M16 8h-4V4M4 12h4v4M16 12h-4v4',
    logout: 'M8 4H4.5v12H8M12.5 6.5 16 10l-3.5 3.5M16 10H8',
} as const;

export type IconName = keyof typeof kPaths;

export function Icon({name, className = 'size-4'}: {name: IconName; className?: string}) {
    return (
        <svg viewBox="0 0 20 20" className={className + ' shrink-0'} fill="none" stroke="currentColor"
             strokeWidth={name === 'more' ? 2.4 : 1.5} strokeLinecap="round" strokeLinejoin="round"
             aria-hidden="true">
            <path d={kPaths[name]}/>
        </svg>
    );
}
