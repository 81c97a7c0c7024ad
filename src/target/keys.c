/*-------------------------------------------------------------------------
 *
 * keys.c
 *	  The keys of a request's records, to be found by.
 *
 * An answer may have as many mentions as fit into it, so each is found in steps that
 * grow with the logarithm of the records.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "target/keys.h"
#include "target/path.h"

static int
compare_keys(const void *a, const void *b)
{
	const Key  *one = a;
	const Key  *other = b;
	int			order = strcmp(one->text, other->text);

	return order != 0 ? order : one->record - other->record;
}

Keys
keys_sort(const char *const *texts, int nrecords)
{
	Keys		keys = {.nrecords = nrecords};

	keys.keys = palloc(nrecords * sizeof(Key));
	keys.first = palloc(nrecords * sizeof(int));
	keys.sharing = palloc(nrecords * sizeof(int));
	for (int i = 0; i < nrecords; i++)
	{
		if (texts && texts[i])
			keys.keys[keys.nkeys++] = (Key) {path_to_database(texts[i]), i};
		keys.first[i] = i;
		keys.sharing[i] = 1;
	}
	qsort(keys.keys, keys.nkeys, sizeof(Key), compare_keys);
	for (int i = 1; i < keys.nkeys; i++)
		if (strcmp(keys.keys[i - 1].text, keys.keys[i].text) == 0)
		{
			int			first = keys.first[keys.keys[i - 1].record];

			keys.first[keys.keys[i].record] = first;
			keys.sharing[first]++;
		}
	return keys;
}

int
keys_find(const Keys *keys, const char *text)
{
	int			low = 0;
	int			high = keys->nkeys;

	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (strcmp(keys->keys[middle].text, text) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < keys->nkeys && strcmp(keys->keys[low].text, text) == 0 ? keys->keys[low].record : -1;
}
