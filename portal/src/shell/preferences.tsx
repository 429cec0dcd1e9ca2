// Theme and language, at the same place on every page.
import {setLanguage, t, useLanguage} from '../lib/i18n';
import {setTheme, useTheme} from '../lib/theme';
import {IconButton} from '../ui/button';
import {Menu} from '../ui/menu';

export function Preferences() {
    const theme = useTheme();
    const language = useLanguage();
    return (
        <Menu trigger={<IconButton label={t('Theme and language')}
                                   icon={theme === 'dark' ? 'moon' : theme === 'light' ? 'sun' : 'display'}/>}
              entries={[
                  {text: t('System theme'), icon: 'display', act: () => setTheme('system')},
                  {text: t('Light theme'), icon: 'sun', act: () => setTheme('light')},
                  {text: t('Dark theme'), icon: 'moon', act: () => setTheme('dark')},
                  null,
                  language === 'de'
                      ? {text: 'English', act: () => void setLanguage('en', true)}
                      : {text: 'Deutsch', act: () => void setLanguage('de', true)},
              ]}/>
    );
}
