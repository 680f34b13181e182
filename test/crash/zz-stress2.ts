import { PostgresServer } from '../support/postgres-server.ts';
import { torture } from './torture.ts';
import { disturbances, graceWhenDisturbed } from './disturb.ts';
for (let seed = Number(process.argv[2] ?? 1); ; seed++) {
  const server = await PostgresServer.start();
  let where = ''; let last = Date.now();
  let kills = 0;
  const disturb = disturbances({ server });
  const total = 40;
  let dumped = 0;
  const started = Date.now();
  const timer = setInterval(async () => {
    if (Date.now() - last < 60_000 || dumped > 3) return;
    dumped += 1;
    console.log('STALL', where, new Date().toISOString(), server.address.port);
    const pool = server.pool({ max: 1, connectionTimeoutMillis: 3000 });
    try {
      const now = (await pool.query('SELECT offline_im.now_ms() AS now')).rows;
      console.log(JSON.stringify(now));
      for (const q of ['SELECT state, count(*) FROM offline_im.entries GROUP BY state', 'SELECT * FROM offline_im.spool LIMIT 5', 'SELECT * FROM offline_im.notes LIMIT 10', "SELECT * FROM offline_im.entries WHERE state NOT IN ('delivered') LIMIT 10", 'SELECT * FROM offline_im.streams LIMIT 10', 'SELECT * FROM offline_im.lanes LIMIT 10', "SELECT pid, state, wait_event, xact_start, query FROM pg_stat_activity WHERE backend_type = 'client backend'", 'SELECT locktype, relation::regclass, mode, granted, pid FROM pg_locks'])
        console.log(q, JSON.stringify(await pool.query(q).then((r) => r.rows, (e) => String(e))).slice(0, 6000));
    } catch (e) { console.log('dump failed', String(e)); }
    await pool.end();
  }, 5_000);
  try {
    const v = await torture({ spool: 'postgres', kills: total, messages: 5000, workers: 3, mailboxes: 200, seed, loss: 0.15, probeGrace: graceWhenDisturbed, connectionString: server.connectionString,
      report: (l) => console.log(l),
      async disturb(kill, worker) { where = `kill ${kill}`; last = Date.now(); kills = kill; await disturb(kill, worker); where = `killing ${kill}`; last = Date.now(); } });
    console.log(seed, JSON.stringify({ ...v, lost: v.lost.length }), Date.now() - started);
  } catch (e) { console.log(seed, 'FAILED', String(e), where); }
  clearInterval(timer);
  await server.close();
}
