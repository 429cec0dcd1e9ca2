// The projects that a token was added to, with the policy it has in each.
import {useQuery} from '@tanstack/react-query';
import {Link} from 'wouter';
import {get} from '../lib/api';
import {isBroken} from '../lib/client';
import {t} from '../lib/i18n';
import type {Token, TokenProject} from '../lib/types';
import {Card} from '../ui/bits';
import {LinkButton} from '../ui/button';
import {Empty, ProblemNotice, SkeletonRows} from '../ui/feedback';
import {PolicyEditor} from './policy';

export function TokenProjects({token}: {token: Token}) {
    const projects = useQuery({
        queryKey: ['token', token.id, 'projects'],
        queryFn: () => get<TokenProject[]>(`/v1/tokens/${token.id}/projects`),
    });
    if (isBroken(projects)) return <ProblemNotice problem={projects.error} retry={() => void projects.refetch()}/>;
    if (!projects.data) return <div className="card"><SkeletonRows rows={2}/></div>;
    if (projects.data.length === 0) {
        return (
            <div className="card">
                <Empty icon="project" title={t('In no project')} action={<LinkButton href="/projects">{t('Go to the projects')}</LinkButton>}>
                    {t('Its own scopes alone say what it may do. Add it to a project to give it rights there.')}
                </Empty>
            </div>
        );
    }
    return (
        <div className="flex flex-col gap-5">
            {projects.data.map((project) => (
                <Card key={project.id} title={
                    <Link href={'/projects/' + project.id} className="rounded hover:text-accent"><bdi>{project.name}</bdi></Link>
                }>
                    <PolicyEditor project={project.id} type="token" principal={token.id} api={token.api}/>
                </Card>
            ))}
        </div>
    );
}
