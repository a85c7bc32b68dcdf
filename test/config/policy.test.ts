import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError } from '../../config/config-error.js';
import { loadPolicy, parsePolicy } from '../../config/policy.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

function problems(read: () => unknown): readonly string[] {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).problems;
  }
  return [];
}

describe('defaults', () => {
  it('fills in everything that is left out, as the shipped policy says', () => {
    expect(parsePolicy({})).toEqual(loadPolicy('config/policy.json'));
  });

  it('says durations in milliseconds', () => {
    expect(parsePolicy({})).toMatchObject({
      response: { deadline: DAY, warnBefore: [12 * HOUR, 4 * HOUR, HOUR], onBreach: 'alert' },
      acknowledgeAfter: 2 * HOUR,
      stages: {
        contact: 24 * HOUR,
        schedule: 5 * DAY,
        installStart: 4 * HOUR,
        install: 24 * HOUR,
        activate: 24 * HOUR,
      },
      reminders: [48 * HOUR, 24 * HOUR, HOUR / 2],
      duplicates: { window: 30 * DAY },
      reconcileEvery: 300_000,
      offerSync: { every: DAY, brake: { deactivateShare: 0.2, repriceFactor: 2 } },
      retention: { customerData: 90 * DAY },
    });
  });

  it('fills in at any depth', () => {
    const policy = parsePolicy({
      businessHours: { sat: ['10:00-14:00'] },
      stages: { install: '2h' },
      offerSync: { brake: { repriceFactor: 3 } },
      acknowledgeAfter: null,
    });
    expect(policy.businessHours).toMatchObject({ mon: ['08:00-18:00'], sat: ['10:00-14:00'], sun: [] });
    expect(policy.stages).toMatchObject({ install: 2 * HOUR, contact: 24 * HOUR });
    expect(policy.offerSync.brake).toEqual({ deactivateShare: 0.2, repriceFactor: 3 });
    expect(policy.acknowledgeAfter).toBeNull();
  });

  it('lets a category take from default what it leaves out', () => {
    const { categories } = parsePolicy({
      categories: { default: { availability: 'coverage' }, security: { decision: 'manual' } },
    });
    expect(categories).toEqual({
      default: { fulfillment: 'installation', availability: 'coverage', decision: 'auto', ends: 'active' },
      security: { fulfillment: 'installation', availability: 'coverage', decision: 'manual', ends: 'active' },
      insurance: { fulfillment: 'instant', availability: 'none', decision: 'auto', ends: 'active' },
    });
    const { insurance } = parsePolicy({ categories: { insurance: { ends: 'completed' } } }).categories;
    expect(insurance).toMatchObject({ fulfillment: 'installation', ends: 'completed' });
  });

  it('fills in an offer mapping, whose sources have three forms', () => {
    expect(parsePolicy({}).offerSync.mapping).toEqual({
      categories: {},
      fields: {},
      serviceSpecificData: {},
    });
    const mapping = {
      categories: { broadband: 'internet' },
      fields: { name: 'title', externalId: 'details.id', status: { value: 'active' } },
      serviceSpecificData: {
        internet: { connectionType: { from: 'details.tech', values: { FTTH: 'fiber', none: null } } },
      },
    };
    expect(parsePolicy({ offerSync: { mapping } }).offerSync.mapping).toEqual(mapping);
  });

  it('keeps the default warnings that a shorter deadline leaves room for', () => {
    expect(parsePolicy({ response: { deadline: '2h' } }).response.warnBefore).toEqual([HOUR]);
    expect(parsePolicy({ response: { deadline: '20s' } }).response.warnBefore).toEqual([]);
  });

  it('orders warnings, reminders and opening hours', () => {
    const policy = parsePolicy({
      response: { warnBefore: ['1h', '12h', '60m'] },
      reminders: ['30m', '2d'],
      businessHours: { mon: ['13:00-24:00', '08:00-12:00'] },
    });
    expect(policy.response.warnBefore).toEqual([12 * HOUR, HOUR]);
    expect(policy.reminders).toEqual([2 * DAY, HOUR / 2]);
    expect(policy.businessHours.mon).toEqual(['08:00-12:00', '13:00-24:00']);
  });
});

describe('problems', () => {
  it.each<[string, unknown]>([
    ['', 'text'],
    ['', [] as unknown[]],
    ['respons', { respons: {} }],
    ['response.deadlin', { response: { deadlin: '1h' } }],
    ['offerSync.brake.share', { offerSync: { brake: { share: 1 } } }],
    ['categories.internet.decides', { categories: { internet: { decides: 'auto' } } }],
    ['businessHours.monday', { businessHours: { monday: [] } }],
    ['response.deadline', { response: { deadline: '24' } }],
    ['response.deadline', { response: { deadline: 24 } }],
    ['response.deadline', { response: { deadline: '1.5h' } }],
    ['response.deadline', { response: { deadline: '-1h' } }],
    ['response.deadline', { response: { deadline: '0s' } }],
    ['response.deadline', { response: { deadline: '3651d' } }],
    ['response.deadline', { response: { deadline: null } }],
    ['response.warnBefore.1', { response: { warnBefore: ['1h', '24h'] } }],
    ['response.warnBefore.0', { response: { warnBefore: ['soon'] } }],
    ['response.onBreach', { response: { onBreach: 'panic' } }],
    ['acknowledgeAfter', { acknowledgeAfter: 'never' }],
    ['stages.install', { stages: { install: '' } }],
    ['reminders.1', { reminders: ['1h', 'x'] }],
    ['noShow.maxReschedules', { noShow: { maxReschedules: -1 } }],
    ['noShow.maxReschedules', { noShow: { maxReschedules: 1.5 } }],
    ['testOrders', { testOrders: true }],
    ['duplicates.action', { duplicates: { action: 'merge' } }],
    ['categories.internet.availability', { categories: { internet: { availability: 'ask' } } }],
    ['categories.Internet', { categories: { Internet: {} } }],
    ['reconcileEvery', { reconcileEvery: '1s' }],
    ['offerSync.brake.deactivateShare', { offerSync: { brake: { deactivateShare: 1.1 } } }],
    ['offerSync.brake.repriceFactor', { offerSync: { brake: { repriceFactor: 0.5 } } }],
    ['offerSync.mapping', { offerSync: { mapping: 'details' } }],
    ['offerSync.mapping.field', { offerSync: { mapping: { field: {} } } }],
    [
      'offerSync.mapping.categories.broadband',
      { offerSync: { mapping: { categories: { broadband: 'internett' } } } },
    ],
    ['offerSync.mapping.fields.title', { offerSync: { mapping: { fields: { title: 'name' } } } }],
    ['offerSync.mapping.fields.name', { offerSync: { mapping: { fields: { name: 'a..b' } } } }],
    ['offerSync.mapping.fields.name', { offerSync: { mapping: { fields: { name: 7 } } } }],
    ['offerSync.mapping.fields.name', { offerSync: { mapping: { fields: { name: { from: 'title' } } } } }],
    ['offerSync.mapping.fields.name', { offerSync: { mapping: { fields: { name: { value: {} } } } } }],
    [
      'offerSync.mapping.serviceSpecificData.fiber',
      { offerSync: { mapping: { serviceSpecificData: { fiber: {} } } } },
    ],
    [
      'offerSync.mapping.serviceSpecificData.internet.dataCap',
      { offerSync: { mapping: { serviceSpecificData: { internet: { dataCap: null } } } } },
    ],
    ['retention.customerData', { retention: { customerData: '1y' } }],
    ['timeZone', { timeZone: 'Mars/Olympus' }],
    ['timeZone', { timeZone: '+02:00' }],
    ['businessHours.mon', { businessHours: { mon: ['08:00-24:30'] } }],
    ['businessHours.mon', { businessHours: { mon: ['8:00-18:00'] } }],
    ['businessHours.mon', { businessHours: { mon: ['18:00-08:00'] } }],
    ['businessHours.mon', { businessHours: { mon: ['24:00-24:00'] } }],
    ['businessHours.tue', { businessHours: { tue: ['08:00-12:00', '11:00-13:00'] } }],
    ['businessHours.holidays.1', { businessHours: { holidays: ['2028-02-29', '2027-02-29'] } }],
    ['businessHours', { businessHours: { mon: [], tue: [], wed: [], thu: [], fri: [] } }],
  ])('are named by path: %j', (path, json) => {
    const found = problems(() => parsePolicy(json));
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(/^policy[^\n]*: [^\n]+$/);
    expect(found[0]?.split(':')[0]).toBe(path === '' ? 'policy' : `policy ${path}`);
  });

  it('are all told at once', () => {
    const found = problems(() =>
      parsePolicy({ a: 1, b: 2, response: { c: 3, deadline: 'x' }, timeZone: 'nowhere' }),
    );
    expect(found.map((line) => line.split(':')[0]).sort()).toEqual([
      'policy a',
      'policy b',
      'policy response.c',
      'policy response.deadline',
      'policy timeZone',
    ]);
  });

  it('stay a line each, whatever a key looks like', () => {
    expect(problems(() => parsePolicy({ 'a\nb': 1 }))).toEqual(['policy a b: unknown key']);
  });

  it('takes the least that is allowed', () => {
    const policy = parsePolicy({
      reconcileEvery: '2s',
      acknowledgeAfter: '0s',
      response: { warnBefore: [] },
      noShow: { maxReschedules: 0 },
    });
    expect(policy).toMatchObject({
      reconcileEvery: 2_000,
      acknowledgeAfter: 0,
      response: { warnBefore: [] },
      noShow: { maxReschedules: 0 },
    });
  });
});

describe('file', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'policy-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('names a file that is not there, or is not JSON, without repeating it', () => {
    expect(problems(() => loadPolicy('/nowhere/policy.json'))).toEqual([
      'FULFILLMENT_POLICY: cannot read /nowhere/policy.json (ENOENT)',
    ]);
    const path = join(folder, 'policy.json');
    writeFileSync(path, '{\n  "timeZone": "UTC",\n  secret\n}');
    const [line] = problems(() => loadPolicy(path));
    expect(line).toBe(`FULFILLMENT_POLICY: ${path} is not JSON (line 3)`);
  });

  it('ships a policy that leaves nothing out', () => {
    const shipped = JSON.parse(readFileSync('config/policy.json', 'utf8')) as object;
    expect(Object.keys(shipped).sort()).toEqual(Object.keys(parsePolicy({})).sort());
  });
});
