import type { installEvent } from './install.ts'
import { clientIdMeaning, type Meanings, uuidMeaning } from './meanings.ts'

export const installMeanings: Meanings<typeof installEvent> = {
  event_label: {
    carries: 'Which step of the installation this is.',
    why: 'Shows whether installs succeed.',
    answers: ['installs'],
  },
  uuid: uuidMeaning,
  os: {
    carries: 'Operating system.',
    why: 'Shows where installs fail.',
    answers: ['installs'],
  },
  arch: {
    carries: 'Class of processor.',
    why: 'Shows where installs fail.',
    answers: ['installs'],
  },
  platform: {
    carries: 'The release that was chosen.',
    why: 'Shows whether the right one is found.',
    answers: ['installs'],
  },
  release: {
    carries: 'The version that is being installed.',
    why: 'Shows which releases have trouble.',
    answers: ['installs', 'versions'],
  },
  method: {
    carries: 'Which installer ran.',
    why: 'Shows which installer has trouble.',
    answers: ['installs'],
  },
  cid: clientIdMeaning,
}
