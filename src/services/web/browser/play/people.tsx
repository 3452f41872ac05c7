/** @jsxImportSource preact */
/** The drawer that lists who is in the room. */
import { Drawer } from './drawer.tsx';
import { SeatIcon, Icon, useModel } from './parts.tsx';

export function PeopleDrawer() {
  const { session, t } = useModel();
  const observers = session.observers();
  return (
    <Drawer name="people" title={t('people')}>
      <ul class="people">
        {session.players().map(({ seat, name, colour, online }) => (
          <li key={seat} class={online ? '' : 'is-away'}>
            <SeatIcon colour={colour} />
            <span class="people-name">{name}</span>
            <span class="quiet">
              {[seat === session.seat() && t('you'), t(online ? 'online' : 'away')]
                .filter(Boolean)
                .join(', ')}
            </span>
          </li>
        ))}
      </ul>
      {observers > 0 && (
        <p class="people-watching">
          <Icon name="eye" />
          {t('watching', { count: observers })}
        </p>
      )}
      {session.observer() && <p>{t('you_watch')}</p>}
    </Drawer>
  );
}
