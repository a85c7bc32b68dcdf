import { expect, test } from 'vitest';
import { toJsonb } from '../../db/text.js';
import { openTestDatabase } from './database.js';

test('what Postgres cannot store is replaced, in keys as well', async () => {
  const database = await openTestDatabase();
  try {
    const value = { 'a\0b': 'c\ud800d', list: [{ 'e\udfff': null }], at: new Date(0), plain: 1 };
    const { rows } = await database.pool.query<{ kept: unknown }>('select $1::jsonb as kept', [
      toJsonb(value),
    ]);
    expect(rows[0]?.kept).toEqual({
      ...{ 'a\ufffdb': 'c\ufffdd', list: [{ 'e\ufffd': null }] },
      ...{ at: '1970-01-01T00:00:00.000Z', plain: 1 },
    });
  } finally {
    await database.close();
  }
});
