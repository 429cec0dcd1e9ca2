// Which columns of the list of tokens somebody wants to see; this browser remembers it.
import {useState} from 'react';

export const kColumns = ['owner', 'state', 'scopes', 'api', 'kind', 'created', 'used', 'expires'] as const;
export type Column = typeof kColumns[number];
const kUsual: Column[] = ['owner', 'state', 'scopes', 'used', 'expires'];

function stored(): Column[] {
    try {
        const names: unknown = JSON.parse(localStorage.getItem('columns') ?? 'null');
        if (Array.isArray(names)) return kColumns.filter((column) => names.includes(column));
    } catch {
        // Storage is switched off, or holds what we did not write.
    }
    return kUsual;
}

export function useColumns(): [Column[], (column: Column) => void] {
    const [columns, setColumns] = useState(stored);
    const toggle = (column: Column) => {
        const next = kColumns.filter((one) => (one === column) !== columns.includes(one));
        setColumns(next);
        try {
            localStorage.setItem('columns', JSON.stringify(next));
        } catch {
            // It counts for this page then.
        }
    };
    return [columns, toggle];
}
