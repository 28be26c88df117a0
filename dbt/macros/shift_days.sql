{% macro shift_days() %}
    {%- if var('shift_days', none) is none -%}
        {{ exceptions.raise_compiler_error(
            "this is the demo's dbt project, which only make demo builds. Put your own project into dbt/, "
            ~ "or set AC_PIPELINE_DBT to its folder, or to one that does not exist to do without dbt"
        ) }}
    {%- endif -%}
    {{ return(var('shift_days')) }}
{% endmacro %}
