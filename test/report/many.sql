-- Many syncs, 200 unless :many says how many, and 20 pushes.
\if :{?many}
\else
  \set many 200
\endif
SET synchronous_commit = off;
SELECT scene.sync(format('list_%s', to_char(n, 'FM000')), (ARRAY['customer', 'contract', 'payment', 'product', 'refund', 'contact'])[n % 6 + 1], max_age => '2 h')
FROM generate_series(1, :many) n;
SELECT scene.ran(format('list_%s', to_char(n, 'FM000')), 29, records => n * 7, changed => n % 10) FROM generate_series(1, :many) n WHERE n % 40 <> 7;
SELECT scene.ran(format('list_%s', to_char(n, 'FM000')), n % 5, 'failed', state => '08006', ends => '2 min') FROM generate_series(1, :many) n WHERE n % 50 = 9;
SELECT scene.rejected(format('list_%s', to_char(n, 'FM000')), n) FROM generate_series(1, :many) n WHERE n % 45 = 3;
DO $$
BEGIN
  FOR n IN 1 .. 20 LOOP
    EXECUTE format('CREATE VIEW etl.send_%s AS SELECT a.data_id::text AS id, a.name FROM etl.list_%s a JOIN etl.list_%s b ON b.data_id = a.data_id',
                   n, to_char(n * 2, 'FM000'), to_char(n * 2 + 1, 'FM000'));
    PERFORM scene.push('send ' || n, 'etl.send_' || n, 'erp_' || n % 4);
    PERFORM scene.pushed('send ' || n, 20, records => n);
  END LOOP;
END
$$;
