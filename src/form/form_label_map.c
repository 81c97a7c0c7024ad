/*-------------------------------------------------------------------------
 *
 * form_label_map.c
 *	  Texts by value, and values by text, in one form and in several.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "form/form_label.h"

static int
compare_options(const void *a, const void *b)
{
	return strcmp(((const FormOption *) a)->value, ((const FormOption *) b)->value);
}

void
label_add(LabelMap *map, const char *value, const char *text)
{
	if (value == NULL || text == NULL || value[0] == '\0' || text[0] == '\0')
		return;
	if (map->n == map->size)
	{
		map->size = Max(2 * map->size, 16);
		map->entries = map->entries ? repalloc(map->entries, map->size * sizeof(FormOption)) :
			palloc(map->size * sizeof(FormOption));
	}
	map->entries[map->n].value = pstrdup(value);
	map->entries[map->n++].text = pstrdup(text);
}

void
label_sort(LabelMap *map)
{
	if (map->n > 0)
		qsort(map->entries, map->n, sizeof(FormOption), compare_options);
}

static const char *
label_in_map(const LabelMap *map, const char *value)
{
	FormOption	key = {.value = unconstify(char *, value)};
	const FormOption *found = map->n == 0 ? NULL :
		bsearch(&key, map->entries, map->n, sizeof(FormOption), compare_options);

	return found ? found->text : NULL;
}

const char *
label_find(void *labels, int64 form_id, const char *value)
{
	const LabelSet *set = labels;
	const char *said = label_in_map(set->forms[0].map, value);

	for (int i = 0; i < set->n; i++)
		if (set->forms[i].form_id == form_id)
			return label_in_map(set->forms[i].map, value);
	for (int i = 1; said && i < set->n; i++)
	{
		const char *other = label_in_map(set->forms[i].map, value);

		if (other == NULL || strcmp(other, said) != 0)
			return NULL;
	}
	return said;
}

static List *
add_value(List *values, const char *value)
{
	ListCell   *lc;

	foreach(lc, values)
		if (strcmp(lfirst(lc), value) == 0)
			return values;
	return lappend(values, pstrdup(value));
}

List *
form_label_values(void *labels, const char *text)
{
	const LabelSet *set = labels;
	List	   *values = NIL;

	for (int i = 0; i < set->n; i++)
	{
		const LabelMap *map = set->forms[i].map;

		if (label_find(labels, set->forms[i].form_id, text) == NULL)
			values = add_value(values, text);
		for (int j = 0; j < map->n; j++)
			if (strcmp(map->entries[j].text, text) == 0)
				values = add_value(values, map->entries[j].value);
	}
	return label_find(labels, 0, text) ? values : add_value(values, text);
}
