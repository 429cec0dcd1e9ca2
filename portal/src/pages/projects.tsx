// The spaces that rights are given in.
import {type FormEvent, useState} from 'react';
import {Link} from 'wouter';
import {navigate} from 'wouter/use-browser-location';
import {call, randomKey} from '../lib/api';
import {useApis, useCan, useProjects, useRefresh} from '../lib/client';
import {cli, curlOf} from '../lib/commands';
import {useAddressState, useTitle} from '../lib/hooks';
import {t} from '../lib/i18n';
import type {Project} from '../lib/types';
import {toast} from '../ui/announce';
import {ShowAs} from '../ui/as-command';
import {Badge, PageHead, Time} from '../ui/bits';
import {Button} from '../ui/button';
import {Modal} from '../ui/dialog';
import {Empty, ProblemNotice, SkeletonRows} from '../ui/feedback';
import {Select, TextField} from '../ui/field';
import {errorOf, ErrorSummary, type FormTrouble, troubleOf} from '../ui/form';
import {Icon} from '../ui/icons';

export function Projects() {
    const can = useCan();
    const projects = useProjects();
    const [search, change] = useAddressState();
    useTitle(t('Projects'));
    const add = can('project:write') && (
        <Button look="primary" icon="plus" onClick={() => change({new: '1'})}>{t('New project')}</Button>
    );
    return (
        <>
            <PageHead title={t('Projects')} actions={add}>
                {t('A token has rights in the projects that it was added to, as far as its policy there allows.')}
            </PageHead>
            {projects.isError && <ProblemNotice problem={projects.error} retry={() => void projects.refetch()}/>}
            {projects.isPending && <div className="card"><SkeletonRows/></div>}
            {projects.data?.length === 0 && (
                <div className="card"><Empty icon="project" title={t('No projects yet')} action={add}>
                    {t('Make one for each thing that has rights of its own, like a shop or a service.')}
                </Empty></div>
            )}
            <ul className="grid grid-cols-1 gap-4 sm:grid-cols-2 xl:grid-cols-3">
                {projects.data?.map((project) => <li key={project.id}><ProjectCard project={project}/></li>)}
            </ul>
            {search.has('new') && can('project:write') && <ProjectForm onClose={() => change({new: ''})}/>}
        </>
    );
}

function ProjectCard({project}: {project: Project}) {
    return (
        <Link href={'/projects/' + project.id}
              className="card flex h-full flex-col gap-2 p-5 transition-shadow hover:border-field-line hover:shadow-md
                         hover:shadow-(color:--shadow)">
            <span className="flex items-center gap-2.5">
                <span className="flex size-8 items-center justify-center rounded-lg bg-accent-wash text-accent">
                    <Icon name="project"/>
                </span>
                <bdi className="min-w-0 flex-1 truncate font-semibold">{project.name}</bdi>
                {project.role && <Badge>{project.role}</Badge>}
            </span>
            <span className="line-clamp-2 min-h-5 text-quiet"><bdi>{project.description}</bdi></span>
            <span className="mt-auto text-xs text-quiet">{t('Made')} <Time at={project.createdAt}/></span>
        </Link>
    );
}

export function ProjectForm({project, onClose}: {project?: Project; onClose: () => void}) {
    const [name, setName] = useState(project?.name ?? '');
    const [description, setDescription] = useState(project?.description ?? '');
    const [api, setApi] = useState(project?.api ?? '');
    const [trouble, setTrouble] = useState<FormTrouble | null>(null);
    const [busy, setBusy] = useState(false);
    const [key] = useState(randomKey);
    const {data: apis} = useApis();
    const refresh = useRefresh();
    const body = {name: name.trim(), description: description.trim(), ...(api ? {api} : {})};
    const words: [string, string][] = [['-n', body.name], ['-d', body.description], ['--api', api]];
    async function save(event: FormEvent) {
        event.preventDefault();
        if (name.trim() === '') {
            setTrouble({title: t('Please check these fields'), errors: [{field: 'project-name', text: t('Give it a name.')}]});
            return;
        }
        setBusy(true);
        try {
            const answer = project
                ? await call<Project>('PATCH', '/v1/projects/' + project.id, body)
                : await call<Project>('POST', '/v1/projects', body, {idempotencyKey: key});
            await refresh('projects');
            toast(project ? t('Saved') : t('Project created'));
            onClose();
            if (!project) navigate('/projects/' + answer.body.id);
        } catch (failure) {
            setTrouble(troubleOf(t('The project was not saved'), failure,
                {name: 'project-name', description: 'project-description', api: 'project-api'}));
            setBusy(false);
        }
    }
    return (
        <Modal open onClose={onClose} title={project ? t('Edit project') : t('New project')}>
            <form onSubmit={(event) => void save(event)} noValidate className="flex flex-col gap-4">
                <ErrorSummary trouble={trouble}/>
                <TextField id="project-name" label={t('Name')} value={name} maxLength={64} required autoComplete="off"
                           error={errorOf(trouble, 'project-name')} onChange={(event) => setName(event.target.value)}/>
                <TextField id="project-description" label={t('Description')} aside={t('optional')} value={description}
                           maxLength={500} error={errorOf(trouble, 'project-description')}
                           onChange={(event) => setDescription(event.target.value)}/>
                <Select id="project-api" label={t('API of its own tokens')} value={api}
                        onChange={(event) => setApi(event.target.value)}>
                    <option value="">{t('pipelines (default)')}</option>
                    {apis?.filter((one) => one.slug !== 'latchkey').map((one) => (
                        <option key={one.id} value={one.slug}>{one.name || one.slug}</option>
                    ))}
                </Select>
                <div className="flex justify-end gap-2">
                    <Button onClick={onClose}>{t('Cancel')}</Button>
                    <Button type="submit" look="primary" busy={busy}>{project ? t('Save') : t('Create project')}</Button>
                </div>
                {project
                    ? <ShowAs command={cli('project update', project.id, ...words)}
                              curl={curlOf('PATCH', '/v1/projects/' + project.id, body)}/>
                    : <ShowAs command={cli('project create', ...words)} curl={curlOf('POST', '/v1/projects', body)}/>}
            </form>
        </Modal>
    );
}
