/** A studio for tests that need any studio. */
import type { Studio } from '../../../src/domain/studio.ts';

export const TEST_STUDIO: Studio = {
  name: 'Tick & Tock',
  logo: '',
  colours: { accent: '#aa3311', ink: '#111111', paper: '#fffdf8' },
  sender: { name: 'Tick & Tock', email: 'hello@studio.example' },
  support: { email: 'help@studio.example' },
  country: 'DE',
  vatRate: 1900,
  logoFile: { bytes: new Uint8Array(), contentType: 'image/svg+xml' },
  legal: () => '',
};
