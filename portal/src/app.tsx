// The whole portal: who is not logged in sees the pages outside, everybody else the frame.
import {QueryClientProvider} from '@tanstack/react-query';
import {DirectionProvider} from '@base-ui/react/direction-provider';
import {Suspense, useEffect} from 'react';
import {Redirect, Route, Switch, useLocation} from 'wouter';
import {navigate} from 'wouter/use-browser-location';
import {client, fetchMe, isAway, onLeave, useMe} from './lib/client';
import {Problem} from './lib/api';
import {t, useLanguage} from './lib/i18n';
import {kTokens} from './lib/tokens';
import {kOutside, kPages} from './addresses';
import {RevealHost} from './pages/reveal';
import {Boundary} from './shell/boundary';
import {Frame} from './shell/frame';
import {useFocusOnNavigation} from './shell/heading-focus';
import {Plain} from './shell/plain';
import {Announcer} from './ui/announce';
import {ProblemNotice, SkeletonRows} from './ui/feedback';
import {StepUpSlot} from './ui/step-up';

function Loading() {
    return <div className="card"><SkeletonRows/></div>;
}

// Asks again by itself, and shows nothing of it before there is an answer.
function NoAnswer({problem, retry}: {problem: Problem; retry: () => void}) {
    const isWorthIt = isAway(problem);
    useEffect(() => {
        if (!isWorthIt) return;
        let wait = 3000;
        let timer = setTimeout(ask, wait);
        let isOver = false;
        function ask() {
            const asked = document.hidden ? Promise.reject(new Error('nobody looks')) : fetchMe();
            asked.then((me) => client.setQueryData(['me'], me), () => {
                if (!document.hidden) wait = Math.min(wait * 2, 30_000);
                if (!isOver) timer = setTimeout(ask, wait * (1 + Math.random() / 4));
            });
        }
        return () => {
            isOver = true;
            clearTimeout(timer);
        };
    }, [isWorthIt]);
    return (
        <Plain title={t('Latchkey does not answer')}>
            <ProblemNotice problem={problem} retry={retry}/>
        </Plain>
    );
}

function Inside() {
    const {data: me, error, refetch} = useMe();
    const [path] = useLocation();
    useFocusOnNavigation(path);
    // Who is at work keeps the page, with what is half filled in, while the server is away.
    if (!me && error instanceof Problem && error.status !== 401) {
        return <NoAnswer problem={error} retry={() => void refetch()}/>;
    }
    if (!me) return <div className="p-6"><SkeletonRows rows={3}/></div>;
    return (
        <Frame me={me}>
            <Boundary key={path}><Suspense fallback={<Loading/>}>
                <Switch>
                    {kPages.map(([pattern, {Body}]) => (
                        <Route key={pattern} path={pattern}>
                            {(params) => <Body params={params as Record<string, string | undefined>}/>}
                        </Route>
                    ))}
                    <Route path="/new">
                        <Redirect to={kTokens + '/new' + location.search} replace/>
                    </Route>
                    <Route path="/developer"><Redirect to={kTokens} replace/></Route>
                    <Route path="/access"><Redirect to="/access/users" replace/></Route>
                    <Route><NotFound/></Route>
                </Switch>
            </Suspense></Boundary>
        </Frame>
    );
}

function NotFound() {
    return (
        <div className="card">
            <h1 tabIndex={-1} className="px-6 pt-12 text-center text-lg font-semibold">
                {t('There is no such page')}
            </h1>
            <p className="px-6 pt-2 pb-12 text-center text-quiet">
                {t('The address may be misspelt, or the page was moved.')}{' '}
                <a className="link" href="/">{t('Go to the overview')}</a>
            </p>
        </div>
    );
}

export function App() {
    const language = useLanguage();
    useEffect(() => onLeave((reason) => {
        if (location.pathname === '/login' || location.pathname === '/setup' || location.pathname === '/invite') return;
        const here = location.pathname + location.search;
        const next = reason === 'ended' && here !== '/' ? '?next=' + encodeURIComponent(here) : '';
        navigate('/login' + next, {replace: true, state: {reason}});
    }), []);
    return (
        <QueryClientProvider client={client} key={language}>
            <DirectionProvider direction={language === 'ar-XB' ? 'rtl' : 'ltr'}>
                <Boundary><Suspense fallback={null}>
                    <Switch>
                        {kOutside.map(([pattern, {Body}]) => (
                            <Route key={pattern} path={pattern}>{(params) => <Body params={params}/>}</Route>
                        ))}
                        <Route><Inside/></Route>
                    </Switch>
                </Suspense></Boundary>
                <RevealHost/>
                <StepUpSlot/>
                <Announcer/>
            </DirectionProvider>
        </QueryClientProvider>
    );
}
