/*-------------------------------------------------------------------------
 *
 * metadata.c
 *	  An integration platform's metadata, as statements.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "metadata/document.h"
#include "metadata/metadata.h"

/* A document that has members, and is no dialect; else there is a row that says so. */
static bool
is_document(Answer *answer, Part *part)
{
	if (part == NULL || document_refused(answer, part))
		return false;
	return part_is(part, JSON_TREE_OBJECT) && part->nmembers > 0;
}

/* Statements in the order in which they run, then what was not translated, then notes. */
static MetadataRow *
in_order(const Answer *answer, int *nrows)
{
	MetadataRow *rows = palloc0((answer->nrows + 1) * sizeof(MetadataRow));

	*nrows = 0;
	for (int pass = 0; pass < 3; pass++)
	{
		for (int i = 1; i <= answer->nrows; i++)
		{
			const PartRow *row = &answer->rows[i];
			MetadataRow *out = &rows[*nrows];

			if (pass != (row->kind == METADATA_NOTE ? 2 : row->kind == METADATA_UNKNOWN ? 1 : 0))
				continue;
			out->kind = row->kind;
			out->path = row->path.len > 0 ? row->path.data : NULL;
			out->sql = row->sql;
			out->remark = row->remark.len > 0 ? row->remark.data : NULL;
			(*nrows)++;
		}
	}
	return rows;
}

MetadataRow *
metadata_rows(const JsonTree *source, const JsonTree *target, MetadataListOf list_of, int *nrows)
{
	Answer		answer = {0};
	Integration integration = {.answer = &answer, .name = "integration", .list_of = list_of};
	Part	   *source_part = part_make(source);
	Part	   *target_part = part_make(target);
	bool		has_source = is_document(&answer, source_part);
	bool		has_target = is_document(&answer, target_part);

	integration.source = has_source ? source_part : NULL;
	integration.target = has_target ? target_part : NULL;
	if (has_source)
		source_read(&integration, source_part);
	integration.scope.name = integration.name;
	if (has_target)
		target_read(&integration, target_part);
	filter_read(&integration, integration.source);
	filter_read(&integration, integration.target);
	if (has_target && integration.key == NULL)
	{
		integration.key = "id";
		integration.key_reason = "the documents name no key";
		(void) scope_column(&integration.scope, "id", NULL);
	}
	if (has_source)
		source_write(&integration, source_part);
	else if (has_target && !target_is_store(target_part))
		source_write_table(&integration);
	if (has_target)
		target_write(&integration, target_part);
	else if (has_source)
		filter_write_view(&integration);
	answer_paths(&answer, source_part, "$.source");
	answer_paths(&answer, target_part, "$.target");
	return in_order(&answer, nrows);
}
