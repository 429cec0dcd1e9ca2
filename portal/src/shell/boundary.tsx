// A page that fails to be drawn leaves the frame standing. After an upgrade the server has no files
// of the old version any more: then a reload is what helps.
import {Component, type ReactNode} from 'react';
import {t} from '../lib/i18n';
import {Button} from '../ui/button';
import {Notice} from '../ui/feedback';

export class Boundary extends Component<{children: ReactNode}, {failure: unknown}> {
    override state = {failure: undefined as unknown};

    static getDerivedStateFromError(failure: unknown) {
        return {failure};
    }

    override render() {
        const {failure} = this.state;
        if (failure === undefined) return this.props.children;
        return (
            <div className="mx-auto max-w-xl p-4">
                <Notice tone="bad" role="alert" title={t('This page could not be shown')}>
                    <p>{t('The server may have been upgraded meanwhile. Nothing is lost by a reload.')}</p>
                    <p className="mt-1 font-mono text-xs break-all">{failure instanceof Error ? failure.message : String(failure)}</p>
                    <Button size="small" className="mt-2" onClick={() => location.reload()}>{t('Reload')}</Button>
                </Notice>
            </div>
        );
    }
}
