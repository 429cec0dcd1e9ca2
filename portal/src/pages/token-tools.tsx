// Beside the filters: which columns are shown, and the list as a file.
import {useState} from 'react';
import {type Column, kColumns} from '../lib/columns';
import {downloadText} from '../lib/copy';
import {csvOf} from '../lib/csv';
import {number, t, tn} from '../lib/i18n';
import {fetchAllTokens, type TokenFilter} from '../lib/tokens';
import {toast} from '../ui/announce';
import {IconButton} from '../ui/button';
import {CheckMenu} from '../ui/menu';
import {columnText} from './token-table';

export function ColumnChooser({columns, toggle, withOwner}:
        {columns: Column[]; toggle: (column: Column) => void; withOwner: boolean}) {
    return (
        <CheckMenu trigger={<IconButton label={t('Columns')} icon="columns"/>}
                   entries={kColumns.filter((column) => withOwner || column !== 'owner').map((column) => ({
                       text: columnText(column), isChecked: columns.includes(column), toggle: () => toggle(column),
                   }))}/>
    );
}

export function ExportCsv({filter}: {filter: TokenFilter}) {
    const [count, setCount] = useState(-1);
    async function run() {
        if (count >= 0) return;
        setCount(0);
        try {
            const tokens = await fetchAllTokens(filter, setCount);
            downloadText('latchkey-tokens.csv', csvOf(tokens), 'text/csv');
            toast(tn('{n} token exported', '{n} tokens exported', tokens.length));
        } catch (failure) {
            toast(t('The tokens could not be read') + ': ' + (failure as Error).message);
        }
        setCount(-1);
    }
    return (
        <>
            <IconButton label={t('Export as CSV')} icon="download" aria-disabled={count >= 0 || undefined} onClick={() => void run()}/>
            {count >= 0 && <span role="status" className="text-xs text-quiet">{t('{n} read…', {n: number(count)})}</span>}
        </>
    );
}
