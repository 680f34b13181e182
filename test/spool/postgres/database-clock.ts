import type { Pool } from 'pg';

/** Stops the clock of a spool in the database; the returned function advances it by so many ms, or sets it back. */
export async function stopClock(pool: Pool, schema: string): Promise<(ms: number) => Promise<void>> {
  await pool.query(`
    CREATE TABLE "${schema}".test_clock AS SELECT "${schema}".now_ms() AS now;
    CREATE OR REPLACE FUNCTION "${schema}".now_ms() RETURNS bigint LANGUAGE sql VOLATILE AS 'SELECT now FROM "${schema}".test_clock'`);
  return async (ms) => {
    await pool.query(`UPDATE "${schema}".test_clock SET now = now + $1`, [Math.ceil(ms)]);
  };
}
