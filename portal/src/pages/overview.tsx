import {Redirect} from 'wouter';
import {kTokens} from '../lib/tokens';

export function Overview() {
    return <Redirect to={kTokens} replace/>;
}
