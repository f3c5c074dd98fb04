// The pool of connections to PostgreSQL, and a transaction on one of them.

import pg from "pg";
import { settings } from "./settings.mjs";

pg.types.setTypeParser(pg.types.builtins.INT8, Number); // versions and sums stay far below 2^53

export const pool = new pg.Pool({
  connectionString: settings.database,
  max: settings.connections,
  pipeline: settings.statements === "flights",
  application_name: `peer ${settings.port}`,
});
pool.on("error", (error) => console.error(`peer: an idle connection to PostgreSQL: ${error.message}`));

// Statements have names, so that PostgreSQL plans each once on each connection.
export const ask = (connection, { name, text }, values) => connection.query({ name, text, values });

// Runs `work(connection)` on a connection of the pool; whatever it throws takes its transaction back.
export async function withConnection(work) {
  const connection = await pool.connect();
  let broken;
  try {
    return await work(connection);
  } catch (error) {
    await connection.query("ROLLBACK").catch((problem) => {
      broken = problem;
    });
    throw error;
  } finally {
    connection.release(broken);
  }
}

// Runs `work(connection)` between BEGIN and COMMIT.
export const inTransaction = (work) =>
  withConnection(async (connection) => {
    await connection.query("BEGIN");
    const result = await work(connection);
    await connection.query("COMMIT");
    return result;
  });
